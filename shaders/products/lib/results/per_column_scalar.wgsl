// The factor of a result's column. The kernel's `column4` gives the factors of four columns, starting at a multiple of 4.
fn per_column(at: u32) -> Result {
  let column = at % columns();
  return column4(column / 4u * 4u)[column % 4u];
}

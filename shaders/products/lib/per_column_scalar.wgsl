// The factor for the column of a value of the result. The kernel's `column4` gives those of four columns, from a multiple of 4.
fn per_column(at: u32) -> Result {
  let column = at % columns();
  return column4(column / 4u * 4u)[column % 4u];
}

// What belongs to the column of a value of the result: of the kernel's `column4`, which has four from a multiple of 4 on.
fn per_column(at: u32) -> Result {
  let column = at % columns();
  return column4(column / 4u * 4u)[column % 4u];
}

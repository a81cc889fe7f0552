// What belongs to the columns of a word of the result, of which the lines are whole words: the kernel's `column4` of four.
fn per_column(at: u32) -> Result {
  return column4(at * 4u % columns());
}

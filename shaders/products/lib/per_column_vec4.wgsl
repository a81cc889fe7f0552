// The factors for the four columns of a word of the result, whose lines are whole words: the kernel's `column4`.
fn per_column(at: u32) -> Result {
  return column4(at * 4u % columns());
}

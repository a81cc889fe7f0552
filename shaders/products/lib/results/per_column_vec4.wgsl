// The factors of the four columns in a word of the result, from the kernel's `column4`. Lines are whole words.
fn per_column(at: u32) -> Result {
  return column4(at * 4u % columns());
}

// Reads one value of a matrix in f32, with rows of any length. The kernel defines right_word and right_stride.
alias RightWord = f32;

fn stored(row: u32, column: u32) -> f32 {
  return right_word(0u, row * right_stride(0u) + column);
}

// Reads one number of a matrix in bf16 (the upper half of an f32), two in a word, with rows of any length. The kernel defines
// right_word and right_stride.
alias RightWord = u32;

fn stored(row: u32, column: u32) -> f32 {
  let at = row * right_stride(0u) + column;
  let pair = right_word(0u, at >> 1u);
  return bitcast<f32>(select(pair << 16u, pair & 0xffff0000u, (at & 1u) == 1u));
}

// Reads one element of a matrix in bf16. A word holds two elements, each the upper half of an f32. Rows may have any length. The kernel
// defines right_word and right_stride.
alias RightWord = u32;

fn stored(row: u32, column: u32) -> f32 {
  let at = row * right_stride(0u) + column;
  let pair = right_word(0u, at >> 1u);
  return bitcast<f32>(select(pair << 16u, pair & 0xffff0000u, (at & 1u) == 1u));
}

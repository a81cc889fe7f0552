// Reads one value of a matrix in f16, two in a word, with rows of any length. The kernel defines right_word and right_stride.
alias RightWord = u32;

fn stored(row: u32, column: u32) -> f32 {
  let at = row * right_stride(0u) + column;
  let pair = unpack2x16float(right_word(0u, at >> 1u));
  return select(pair.x, pair.y, (at & 1u) == 1u);
}

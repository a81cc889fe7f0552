// How a matrix is stored: packed bf16, the upper halves of f32, two in a word. The kernel gives its 32-bit words.
fn stored(row: u32, column: u32, columns: u32) -> f32 {
  let at = row * columns + column;
  let pair = stored_word(at >> 1u);
  return bitcast<f32>(select(pair << 16u, pair & 0xffff0000u, (at & 1u) == 1u));
}

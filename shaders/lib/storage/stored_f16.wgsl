// How a matrix is stored: packed f16, two in a word. The kernel gives its 32-bit words.
fn stored(row: u32, column: u32, columns: u32) -> f32 {
  let at = row * columns + column;
  let pair = unpack2x16float(stored_word(at >> 1u));
  return select(pair.x, pair.y, (at & 1u) == 1u);
}

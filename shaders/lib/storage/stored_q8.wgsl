// How a matrix is stored: as right_q8. The kernel gives its 32-bit words.
fn stored(row: u32, column: u32, columns: u32) -> f32 {
  let groups = columns >> 5u;
  let origin = row * (groups + (columns >> 2u));
  let scale = unpack2x16float(stored_word(origin + (column >> 5u)) >> (column & 16u)).x;
  let code = (stored_word(origin + groups + (column >> 2u)) >> ((column & 3u) << 3u)) & 0xffu;
  return f32(code) * scale - 128.0 * scale;
}

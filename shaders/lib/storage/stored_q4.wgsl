// How a matrix is stored: as right_q4. The kernel gives its 32-bit words.
fn stored(row: u32, column: u32, columns: u32) -> f32 {
  let groups = columns >> 5u;
  let origin = row * (groups + (columns >> 3u));
  let group = unpack2x16float(stored_word(origin + (column >> 5u)));
  let code = (stored_word(origin + groups + (column >> 3u)) >> (((column & 3u) << 3u) + (column & 4u))) & 0xfu;
  return f32(code) * group.x + group.y;
}

// How a matrix is stored: f32. The kernel gives its 32-bit words.
fn stored(row: u32, column: u32, columns: u32) -> f32 {
  return bitcast<f32>(stored_word(row * columns + column));
}

// Reads one value of a packed matrix, with the functions that read a matrix product's right operand. The kernel defines right_word and
// right_stride.
fn stored(row: u32, column: u32) -> f32 {
  return right4(0u, right_origin(0u, row), right_place(column))[column & 3u];
}

// One number of a packed matrix, by the reader of a product's right operand. The kernel gives words and the length of rows.
fn stored(row: u32, column: u32) -> f32 {
  return right4(0u, right_origin(0u, row), right_place(column))[column & 3u];
}

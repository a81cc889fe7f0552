// The index of a row's first value in a buffer that holds only the result.
fn result_start(row: u32) -> u32 {
  return row * columns();
}

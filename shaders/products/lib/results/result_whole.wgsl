// The first value of a row of the result in its buffer, which holds only the result.
fn result_start(row: u32) -> u32 {
  return row * columns();
}

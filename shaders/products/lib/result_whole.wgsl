// Where a row of the result begins in its buffer, in values: the buffer has the result alone.
fn result_start(row: u32) -> u32 {
  return row * columns();
}

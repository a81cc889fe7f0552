// Where a row of the result begins in its buffer, in values: the result is all that is there.
fn result_start(row: u32) -> u32 {
  return row * columns();
}

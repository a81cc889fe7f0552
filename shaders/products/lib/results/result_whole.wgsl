// Where a row of the result begins in its buffer, in values. The buffer holds nothing else.
fn result_start(row: u32) -> u32 {
  return row * columns();
}

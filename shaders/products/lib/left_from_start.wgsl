// Where a part's left operand begins in its buffer, in values: at its start, unless the kernel says otherwise.
fn left_base(part: u32) -> u32 {
  return 0u;
}

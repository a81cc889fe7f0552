// Places along a line of the right operand: each holds four values.
fn right_place(at: u32) -> u32 {
  return at >> 2u;
}

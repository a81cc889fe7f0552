// Places along a line of the right operand: each is that of four values.
fn right_place(at: u32) -> u32 {
  return at >> 2u;
}

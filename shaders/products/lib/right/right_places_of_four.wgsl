// Positions along a line of the right operand, in words of four values.
fn right_place(at: u32) -> u32 {
  return at >> 2u;
}

// Converts a position along a line of the right operand (a row of the stored matrix) from values to words of four values.
fn right_place(at: u32) -> u32 {
  return at >> 2u;
}

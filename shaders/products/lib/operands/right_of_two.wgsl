// The right operands of two parts: weight0 and weight1.
fn right_word(part: u32, index: u32) -> RightWord {
  if (part == 0u) {
    return weight0[index];
  }
  return weight1[index];
}

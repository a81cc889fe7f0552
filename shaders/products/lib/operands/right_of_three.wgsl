// The right operands of up to three parts (matrix products that share a dispatch): weight0, weight1 and weight2.
fn right_word(part: u32, index: u32) -> RightWord {
  if (part == 0u) {
    return weight0[index];
  }
  if (part == 1u) {
    return weight1[index];
  }
  return weight2[index];
}

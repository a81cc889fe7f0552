// The right operands of up to three parts (matrix products that share a dispatch): weight0, weight1 and weight2.
fn right_word(part: u32, index: u32) -> RightWord {
  switch (part) {
    case 0u: {
      return weight0[index];
    }
    case 1u: {
      return weight1[index];
    }
    default: {
      return weight2[index];
    }
  }
}

// The low-rank operands of layers: u (N, R) and the rows of B.
fn low_left_word(index: u32) -> LowWord {
  return u[index];
}

fn low_right_word(index: u32) -> LowWord {
  return B[index];
}

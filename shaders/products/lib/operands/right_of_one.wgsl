// The right operand of one layer: its weight. Each of the M rows gives a column of the result.
fn columns() -> u32 {
  return p.M;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return weight[index];
}

// The right operand of one layer: its weight, whose M rows make the result's columns.
fn columns() -> u32 {
  return p.M;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return weight[index];
}

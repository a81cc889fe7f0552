// The left operand of layers: their input x (N, K).
fn rows() -> u32 {
  return p.N;
}

fn inner(part: u32) -> u32 {
  return p.K;
}

fn left_stride(part: u32) -> u32 {
  return p.K;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return x[index];
}

// The operands of a product by B: the left one is (N, R), and B has a row for each of the result's M columns.
fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.M;
}

fn inner(part: u32) -> u32 {
  return p.R;
}

fn left_stride(part: u32) -> u32 {
  return p.R;
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

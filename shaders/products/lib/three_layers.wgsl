// The sizes of linears and turned_linears: up to three layers with one input, side by side in the columns of the grid.
fn rows() -> u32 {
  return p.N;
}

fn size_of(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn inner(part: u32) -> u32 {
  return p.K;
}

fn left_stride(part: u32) -> u32 {
  return p.K;
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return x[index];
}

// The sizes of the kernels linears and turned_linears: up to three linear layers with the same input, side by side in the grid's columns.
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

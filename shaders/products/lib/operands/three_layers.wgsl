// The sizes of the kernels linears and turned_linears: up to three linear layers with the same input, side by side in the grid's columns.
fn size_of(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

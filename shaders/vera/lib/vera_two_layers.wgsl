// The sizes and factors of vera_linears and vera_turned_linears: two adapted layers with the same input, side by side in the columns of the grid.
fn size_of(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, 0u));
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn low_right_block(begin: vec4u, j: u32) -> mat4x4f {
  let scale_d = lambda[(select(p.lambda_d0, p.lambda_d1, low_part == 1u) + j) >> 2u];
  return transpose(mat4x4f(
    low_right4(begin.x, j) * scale_d,
    low_right4(begin.y, j) * scale_d,
    low_right4(begin.z, j) * scale_d,
    low_right4(begin.w, j) * scale_d,
  ));
}

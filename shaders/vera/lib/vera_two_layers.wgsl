// The operands of vera_linears and vera_turned_linears: two adapted layers with the same input, side by side in the columns of the grid.
fn rows() -> u32 {
  return p.N;
}

fn size_of(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, 0u));
}

fn inner(part: u32) -> u32 {
  return p.K;
}

fn left_stride(part: u32) -> u32 {
  return p.K;
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return x[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  if (part == 0u) {
    return weight0[index];
  }
  return weight1[index];
}

fn low_left_word(index: u32) -> LowWord {
  return u[index];
}

fn low_right_word(index: u32) -> LowWord {
  return B[index];
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

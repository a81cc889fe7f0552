// As low_rows, for a kernel with two parts (matrix products) that alternate in a block's columns, as in right_pairs: two columns of part 0,
// then the same two of part 1. Both parts read the same lines of the operand, and scale them by their own factors (low_scale_d).
fn low_right_stride() -> u32 {
  return p.R;
}

fn low_right_begin(column: u32) -> vec4u {
  let last = columns() / 2u - 1u;
  let own = column / 2u;
  return vec4u(low_right_origin(min(own, last)), low_right_origin(min(own + 1u, last)), 0u, 0u);
}

fn low_right_block(begin: vec4u, j: u32) -> mat4x4f {
  let first = low_right4(begin.x, j);
  let second = low_right4(begin.y, j);
  let scale0 = low_scale_d(0u, j);
  let scale1 = low_scale_d(1u, j);
  return transpose(mat4x4f(first * scale0, second * scale0, first * scale1, second * scale1));
}

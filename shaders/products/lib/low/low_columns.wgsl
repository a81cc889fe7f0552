// Layout of the right operand of the low-rank product (low_rank.wgsl): a line in memory for each j below the rank, along which the
// result's columns follow each other. For j beyond the rank, values aren't set to 0, because the left operand is 0 there; the last line is
// read instead.
fn low_right_begin(column: u32) -> vec4u {
  return vec4u(min(column, (low_right_stride() - 1u) & ~3u), low_right_origin(1u), p.R - 1u, 0u);
}

fn low_right_block(begin: vec4u, j: u32) -> mat4x4f {
  return mat4x4f(
    low_right4(min(j, begin.z) * begin.y, begin.x),
    low_right4(min(j + 1u, begin.z) * begin.y, begin.x),
    low_right4(min(j + 2u, begin.z) * begin.y, begin.x),
    low_right4(min(j + 3u, begin.z) * begin.y, begin.x),
  );
}

fn low_scale(column: u32) -> vec4f {
  return vec4f(1.0);
}

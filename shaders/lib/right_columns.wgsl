// Layout of the right operand: a line per k, the result's columns run along it. Beyond K, only the left is 0.
fn right_begin(column: u32) -> vec4u {
  return vec4u(min(column, (right_stride() - 1u) / 4u * 4u));
}

fn right_block(begin: vec4u, k: u32) -> mat4x4f {
  let last = inner() - 1u;
  return mat4x4f(
    right4(right_origin(min(k, last)), begin.x),
    right4(right_origin(min(k + 1u, last)), begin.x),
    right4(right_origin(min(k + 2u, last)), begin.x),
    right4(right_origin(min(k + 3u, last)), begin.x),
  );
}

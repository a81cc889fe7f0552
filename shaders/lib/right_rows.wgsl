// Layout of the right operand: a line per column of the result, K runs along it. Beyond K, only the left is 0.
fn right_begin(part: u32, column: u32) -> vec4u {
  let last = columns() - 1u;
  return vec4u(
    right_origin(part, min(column, last)),
    right_origin(part, min(column + 1u, last)),
    right_origin(part, min(column + 2u, last)),
    right_origin(part, min(column + 3u, last)),
  );
}

fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return transpose(mat4x4f(right4(part, begin.x, k), right4(part, begin.y, k), right4(part, begin.z, k), right4(part, begin.w, k)));
}

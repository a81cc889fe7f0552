// Layout of the right operand: a line per k, the result's columns run along it. Beyond K, only the left is 0.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let last = inner(part) - 1u;
  return mat4x4f(
    right4(part, right_origin(part, min(k, last)), begin.x),
    right4(part, right_origin(part, min(k + 1u, last)), begin.x),
    right4(part, right_origin(part, min(k + 2u, last)), begin.x),
    right4(part, right_origin(part, min(k + 3u, last)), begin.x),
  );
}

// Layout of the right operand: one line for each k, along which the result's columns run. Values
// beyond K aren't masked: the left operand is 0 there.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let last = inner(part) - 1u;
  return mat4x4f(
    right4(part, right_origin(part, min(k, last)), begin.x),
    right4(part, right_origin(part, min(k + 1u, last)), begin.x),
    right4(part, right_origin(part, min(k + 2u, last)), begin.x),
    right4(part, right_origin(part, min(k + 3u, last)), begin.x),
  );
}

// Layout of the right operand: one line for each k, along which the result's columns run. Values beyond K aren't masked: the left
// operand is 0 there. But no line beyond the last is read, except by right_whole_block, which is for fours within K.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(
    right4(part, min(k, begin.z) * begin.y, begin.x),
    right4(part, min(k + 1u, begin.z) * begin.y, begin.x),
    right4(part, min(k + 2u, begin.z) * begin.y, begin.x),
    right4(part, min(k + 3u, begin.z) * begin.y, begin.x),
  );
}

fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let line = k * begin.y;
  return mat4x4f(
    right4(part, line, begin.x),
    right4(part, line + begin.y, begin.x),
    right4(part, line + 2u * begin.y, begin.x),
    right4(part, line + 3u * begin.y, begin.x),
  );
}

// Layout of the right operand in memory: a line for each k, along which the result's columns follow each other. Values beyond K aren't set
// to 0, because the left operand is 0 there: right_block reads the last line instead. right_whole_block is for groups of four k within K.
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

// Layout of the right operand: a line per column of the result, K runs along it. Beyond K, only the left is 0.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return transpose(mat4x4f(right4(part, begin.x, k), right4(part, begin.y, k), right4(part, begin.z, k), right4(part, begin.w, k)));
}

// Layout of the right operand: as right_columns, with the values of each k multiplied by a factor, the kernel's `right_scale`.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let scale = right_scale(k);
  return mat4x4f(
    right4(part, min(k, begin.z) * begin.y, begin.x) * scale.x,
    right4(part, min(k + 1u, begin.z) * begin.y, begin.x) * scale.y,
    right4(part, min(k + 2u, begin.z) * begin.y, begin.x) * scale.z,
    right4(part, min(k + 3u, begin.z) * begin.y, begin.x) * scale.w,
  );
}

fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let scale = right_scale(k);
  let line = k * begin.y;
  return mat4x4f(
    right4(part, line, begin.x) * scale.x,
    right4(part, line + begin.y, begin.x) * scale.y,
    right4(part, line + 2u * begin.y, begin.x) * scale.z,
    right4(part, line + 3u * begin.y, begin.x) * scale.w,
  );
}

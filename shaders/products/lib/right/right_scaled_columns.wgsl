// Layout of the right operand: as right_columns, with each k scaled by the kernel's `right_scale`.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let last = inner(part) - 1u;
  let scale = right_scale(k);
  return mat4x4f(
    right4(part, right_origin(part, min(k, last)), begin.x) * scale.x,
    right4(part, right_origin(part, min(k + 1u, last)), begin.x) * scale.y,
    right4(part, right_origin(part, min(k + 2u, last)), begin.x) * scale.z,
    right4(part, right_origin(part, min(k + 3u, last)), begin.x) * scale.w,
  );
}

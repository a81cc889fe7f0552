// Layout of the right operand: as right_rows, with what belongs to each k scaled by the kernel's `right_scale`.
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
  let scale = right_scale(k);
  return transpose(mat4x4f(
    right4(part, begin.x, k) * scale,
    right4(part, begin.y, k) * scale,
    right4(part, begin.z, k) * scale,
    right4(part, begin.w, k) * scale,
  ));
}

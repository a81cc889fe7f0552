// Layout of the right operand: as right_rows, with each k scaled by the kernel's `right_scale`.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let scale = right_scale(k);
  return transpose(mat4x4f(
    right4(part, begin.x, right_place(k)) * scale,
    right4(part, begin.y, right_place(k)) * scale,
    right4(part, begin.z, right_place(k)) * scale,
    right4(part, begin.w, right_place(k)) * scale,
  ));
}

// Equals right_block, which needs no check of K's end: four numbers of a line are a whole word, or right4 masks those beyond the line.
fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return right_block(part, begin, k);
}

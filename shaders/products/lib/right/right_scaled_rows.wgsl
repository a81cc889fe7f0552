// Layout of the right operand: as right_rows, with the values of each k multiplied by a factor, the kernel's `right_scale`.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let scale = right_scale(k);
  return transpose(mat4x4f(
    right4(part, begin.x, right_place(k)) * scale,
    right4(part, begin.y, right_place(k)) * scale,
    right4(part, begin.z, right_place(k)) * scale,
    right4(part, begin.w, right_place(k)) * scale,
  ));
}

// The same as right_block: neither checks for the end of K, because four values are a whole word, or right4 reads those beyond the line as
// 0.
fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return right_block(part, begin, k);
}

// Layout of the right operand: one line for each column of the result, with K along the line. Values
// beyond K aren't masked, because the left operand is 0 there.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let at = right_place(k);
  return transpose(mat4x4f(
    right4(part, begin.x, at),
    right4(part, begin.y, at),
    right4(part, begin.z, at),
    right4(part, begin.w, at),
  ));
}

// Equals right_block, which needs no check of K's end: four numbers of a line are a whole word, or right4 masks those beyond the line.
fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return right_block(part, begin, k);
}

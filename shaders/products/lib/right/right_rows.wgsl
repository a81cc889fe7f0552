// Layout of the right operand in memory: a line for each column of the result, with the values for all k along it. Values beyond K aren't
// set to 0, because the left operand is 0 there.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let at = right_place(k);
  return transpose(mat4x4f(
    right4(part, begin.x, at),
    right4(part, begin.y, at),
    right4(part, begin.z, at),
    right4(part, begin.w, at),
  ));
}

// The same as right_block: neither checks for the end of K, because four values are a whole word, or right4 reads those beyond the line as
// 0.
fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return right_block(part, begin, k);
}

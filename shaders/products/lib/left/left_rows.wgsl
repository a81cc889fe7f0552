// Layout of the left operand in memory: a line for each row of the result, with the values for all k along it.
fn left_begin(part: u32, row: u32) -> vec4u {
  let last = rows() - 1u;
  return vec4u(
    left_origin(part, min(row, last)),
    left_origin(part, min(row + 1u, last)),
    left_origin(part, min(row + 2u, last)),
    left_origin(part, min(row + 3u, last)),
  );
}

fn left_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let at = left_place(k);
  return mat4x4f(left4(part, begin.x, at), left4(part, begin.y, at), left4(part, begin.z, at), left4(part, begin.w, at));
}

// The same as left_block: neither checks for the end of K, because four values are a whole word, or left4 reads those beyond the line as 0.
fn left_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return left_block(part, begin, k);
}

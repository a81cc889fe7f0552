// Layout of the right operands of two parts (matrix products) with weights of the same size, whose columns alternate: a block's four
// columns are two of part 0, then the same two of part 1. In memory, each column is a line with the values for all k. Values beyond K
// aren't set to 0, because the left operand is 0 there.
fn right_begin(part: u32, column: u32) -> vec4u {
  let last = columns() / 2u - 1u;
  let own = column / 2u;
  return vec4u(right_origin(0u, min(own, last)), right_origin(0u, min(own + 1u, last)), 0u, 0u);
}

fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let at = right_place(k);
  return transpose(mat4x4f(
    right4(0u, begin.x, at),
    right4(0u, begin.y, at),
    right4(1u, begin.x, at),
    right4(1u, begin.y, at),
  ));
}

// The same as right_block: neither checks for the end of K, because lines are whole words here.
fn right_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return right_block(part, begin, k);
}

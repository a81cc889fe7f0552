// For layouts of the right operand with one line for each k: returns the position of four columns along a line, the distance
// between lines, and the number of the last line.
fn right_begin(part: u32, column: u32) -> vec4u {
  let at = right_place(min(column, (right_stride(part) - 1u) & ~3u));
  return vec4u(at, right_origin(part, 1u), inner(part) - 1u, 0u);
}

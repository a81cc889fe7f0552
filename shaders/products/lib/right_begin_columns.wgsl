// For layouts of the right operand with one line for each k: the position of four columns along a line.
fn right_begin(part: u32, column: u32) -> vec4u {
  return vec4u(min(column, (right_stride(part) - 1u) & ~3u));
}

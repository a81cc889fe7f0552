// For layouts of the right operand with one line for each k: the place of four columns along a line.
fn right_begin(part: u32, column: u32) -> vec4u {
  return vec4u(right_place(min(column, (right_stride(part) - 1u) & ~3u)));
}

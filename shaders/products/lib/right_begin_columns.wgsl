// Where four columns begin along a line, for layouts of the right operand with a line per k.
fn right_begin(part: u32, column: u32) -> vec4u {
  return vec4u(min(column, (right_stride(part) - 1u) & ~3u));
}

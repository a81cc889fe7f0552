// Lines of the right operand that are whole words, of four values each.
fn right_origin(part: u32, line: u32) -> u32 {
  return line * (right_stride(part) >> 2u);
}

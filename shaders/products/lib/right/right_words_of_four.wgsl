// For right operands whose lines (rows of the stored matrix) are whole words of four values: the index of a line's first word.
fn right_origin(part: u32, line: u32) -> u32 {
  return line * (right_stride(part) >> 2u);
}

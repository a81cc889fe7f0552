// For right operands whose values for one k are adjacent in memory, as a row: returns the position of four columns in such a row, the
// distance between rows, and the index of the last row.
fn right_begin(part: u32, column: u32) -> vec4u {
  let at = right_place(min(column, (right_stride(part) - 1u) & ~3u));
  return vec4u(at, right_origin(part, 1u), inner(part) - 1u, 0u);
}

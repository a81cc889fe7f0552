// For layouts of the right operand with K along the lines: returns where the lines of four columns begin.
fn right_begin(part: u32, column: u32) -> vec4u {
  let last = columns() - 1u;
  return vec4u(
    right_origin(part, min(column, last)),
    right_origin(part, min(column + 1u, last)),
    right_origin(part, min(column + 2u, last)),
    right_origin(part, min(column + 3u, last)),
  );
}

// For layouts of the right operand with a line in memory for each column, along which k grows: returns where four columns' lines begin.
fn right_begin(part: u32, column: u32) -> vec4u {
  let last = columns() - 1u;
  return vec4u(
    right_origin(part, min(column, last)),
    right_origin(part, min(column + 1u, last)),
    right_origin(part, min(column + 2u, last)),
    right_origin(part, min(column + 3u, last)),
  );
}

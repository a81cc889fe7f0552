// As right_begin_rows, for a kernel whose parts (matrix products that share a dispatch) are side by side in the columns of its grid.
fn right_begin(part: u32, column: u32) -> vec4u {
  let own = column - first_column(part);
  let last = size_of(part) - 1u;
  return vec4u(
    right_origin(part, min(own, last)),
    right_origin(part, min(own + 1u, last)),
    right_origin(part, min(own + 2u, last)),
    right_origin(part, min(own + 3u, last)),
  );
}

// As low_rows, for a kernel whose parts (matrix products that share a dispatch) are side by side in the columns of its grid. A thread
// reads columns of only one part, low_part.
var<private> low_part: u32;

fn low_right_stride() -> u32 {
  return p.R;
}

fn low_right_begin(column: u32) -> vec4u {
  low_part = part_of(column);
  let own = column - first_column(low_part);
  let last = size_of(low_part) - 1u;
  return vec4u(
    low_right_origin(min(own, last)),
    low_right_origin(min(own + 1u, last)),
    low_right_origin(min(own + 2u, last)),
    low_right_origin(min(own + 3u, last)),
  );
}

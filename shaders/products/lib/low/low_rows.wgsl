// Layout of the low-rank range's right operand: one line for each of the result's columns, with the range along the line.
fn low_right_stride() -> u32 {
  return p.R;
}

fn low_right_begin(m: u32) -> vec4u {
  let last = p.M - 1u;
  return vec4u(
    low_right_origin(min(m, last)),
    low_right_origin(min(m + 1u, last)),
    low_right_origin(min(m + 2u, last)),
    low_right_origin(min(m + 3u, last)),
  );
}

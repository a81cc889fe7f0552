// Layout of the right operand of the low-rank product (low_rank.wgsl): a line in memory for each column of the result, with one value for
// each index below the rank.
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

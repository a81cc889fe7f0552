// The low-rank product, which sums over an adapter's rank p.R. Kernels with `lowRank` add it to the product over K: a tile computes it
// first. Its left operand has p.R values a row.
fn low_inner() -> u32 {
  return p.R;
}

fn low_left_begin(n: u32) -> vec4u {
  let last = p.N - 1u;
  return vec4u(
    low_left_origin(min(n, last)),
    low_left_origin(min(n + 1u, last)),
    low_left_origin(min(n + 2u, last)),
    low_left_origin(min(n + 3u, last)),
  );
}

fn low_left_block(begin: vec4u, j: u32) -> mat4x4f {
  return mat4x4f(low_left4(begin.x, j), low_left4(begin.y, j), low_left4(begin.z, j), low_left4(begin.w, j));
}

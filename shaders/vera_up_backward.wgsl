// vera_up_backward: du[n,j] = λ_d[j] · Σ_m dy[n,m] · λ_b[m] · B[m,j] + sum[n,j]
// dy: (N, M)   B: (≥ M, R)   sum, du: (N, R); no sum when has_sum is 0
// lambda: the pool, with λ_b at offset_b and λ_d at offset_d, multiples of 4
// grid: see the tile
// with lib/{tile_*, quad, block, one_part, one_range, result_*, left_rows, left_*, right_*}.wgsl
struct Params { N: u32, M: u32, R: u32, offset_b: u32, offset_d: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> B: array<RightWord>;
@group(0) @binding(3) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(4) var<storage, read> sum: array<Result>;
@group(0) @binding(5) var<storage, read_write> du: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.R;
}

fn inner(part: u32) -> u32 {
  return p.M;
}

fn left_stride(part: u32) -> u32 {
  return p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

fn right_begin(part: u32, j: u32) -> vec4u {
  return vec4u(min(j, (p.R - 1u) / 4u * 4u));
}

fn right_block(part: u32, begin: vec4u, m: u32) -> mat4x4f {
  let last = p.M - 1u;
  let lambda_b = lambda[(p.offset_b + m) / 4u];
  return mat4x4f(
    right4(part, right_origin(part, min(m, last)), begin.x) * lambda_b.x,
    right4(part, right_origin(part, min(m + 1u, last)), begin.x) * lambda_b.y,
    right4(part, right_origin(part, min(m + 2u, last)), begin.x) * lambda_b.z,
    right4(part, right_origin(part, min(m + 3u, last)), begin.x) * lambda_b.w,
  );
}

fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, scale_columns(block, lambda[(p.offset_d + j) / 4u]));
}

fn put(at: u32, value: Result) {
  du[at] = value + select(Result(), sum[at], p.has_sum != 0u);
}

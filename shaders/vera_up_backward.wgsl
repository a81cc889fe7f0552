// vera_up_backward: du[n,j] = Σ_i λ_d,i[j] · Σ_m dy_i[n,m] · λ_b,i[m] · B[m,j] + sum[n,j], of up to three layers i with
// one u, B and pool
// dy: dy_i (N, M_i), of which the second and third begin at at_dy1 and at_dy2   M_i: 0 from the last layer on
// B: (≥ M_i, R)   sum, du: (N, R); no sum when has_sum is 0
// lambda: the pool, with λ_b,i at b_i and λ_d,i at d_i, multiples of 4
// grid: see the tile; a layer is a part
// with lib/{enable_subgroups, tile_*, neighbours, quad, block, one_range, of_part, parts_joined, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_*}.wgsl
struct Params {
  N: u32,
  R: u32,
  M0: u32,
  M1: u32,
  M2: u32,
  at_dy1: u32,
  at_dy2: u32,
  b0: u32,
  b1: u32,
  b2: u32,
  d0: u32,
  d1: u32,
  d2: u32,
  has_sum: u32,
}
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

fn has_part(part: u32, group: vec3u) -> bool {
  return inner(part) > 0u;
}

fn inner(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn left_stride(part: u32) -> u32 {
  return inner(part);
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn left_base(part: u32) -> u32 {
  return of_part(part, vec3u(0u, p.at_dy1, p.at_dy2));
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

fn right_begin(part: u32, j: u32) -> vec4u {
  let at = min(j, (p.R - 1u) / 4u * 4u);
  let lambda_b = of_part(part, vec3u(p.b0, p.b1, p.b2));
  return vec4u(at, (of_part(part, vec3u(p.d0, p.d1, p.d2)) + at) / 4u, lambda_b, inner(part));
}

// Scaled by both vectors: λ_d differs from layer to layer, so it can't wait for the end.
fn right_block(part: u32, begin: vec4u, m: u32) -> mat4x4f {
  let last = begin.w - 1u;
  let lambda_d = lambda[begin.y];
  let lambda_b = lambda[(begin.z + m) / 4u];
  return mat4x4f(
    right4(part, right_origin(part, min(m, last)), begin.x) * (lambda_d * lambda_b.x),
    right4(part, right_origin(part, min(m + 1u, last)), begin.x) * (lambda_d * lambda_b.y),
    right4(part, right_origin(part, min(m + 2u, last)), begin.x) * (lambda_d * lambda_b.z),
    right4(part, right_origin(part, min(m + 3u, last)), begin.x) * (lambda_d * lambda_b.w),
  );
}

fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, block);
}

fn put(at: u32, value: Result) {
  du[at] = value + select(Result(), sum[at], p.has_sum != 0u);
}

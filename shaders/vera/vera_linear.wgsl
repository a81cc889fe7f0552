// vera_linear: y[n,m] = λ_b[m] · Σ_j u[n,j] · λ_d[j] · B[m,j] + Σ_k x[n,k] · weight[m,k] + bias[m] + residual[n,m]
// The low-rank sum comes first, so that λ_b scales it in place and y is written once.
// x: (N, K)   u: (N, R)   weight: (M, K)   bias: (M), left out when has_bias is 0   B: (≥ M, R)
// residual: left out when has_residual is 0   residual, y: (N, M)
// lambda: the pool of trained values, with λ_b at lambda_b and λ_d at lambda_d, multiples of 4
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, whole_range}.wgsl
// and lib/{result_*, left_rows, left_of_x, left_*, right_rows, right_of_one, right_*, low_of_u, low_*}.wgsl
struct Params {
  N: u32,
  M: u32,
  K: u32,
  R: u32,
  lambda_b: u32,
  lambda_d: u32,
  has_bias: u32,
  has_residual: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> u: array<LowWord>;
@group(0) @binding(3) var<storage, read> weight: array<RightWord>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> B: array<LowWord>;
@group(0) @binding(6) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(7) var<storage, read> residual: array<Result>;
@group(0) @binding(8) var<storage, read_write> y: array<Result>;

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn low_right_block(begin: vec4u, j: u32) -> mat4x4f {
  let scale_d = lambda[(p.lambda_d + j) >> 2u];
  return transpose(mat4x4f(
    low_right4(begin.x, j) * scale_d,
    low_right4(begin.y, j) * scale_d,
    low_right4(begin.z, j) * scale_d,
    low_right4(begin.w, j) * scale_d,
  ));
}

fn low_scale(m: u32) -> vec4f {
  return lambda[(p.lambda_b + m) >> 2u];
}

// lora_linear: y[n,m] = Σ_j u[n,j] · B[m,j] + Σ_k x[n,k] · weight[m,k] + bias[m] + residual[n,m]
// The low-rank sum comes first and stays in the same registers, so that y is written once.
// x: (N, K)   u: (N, R)   weight: (M, K)   bias: (M), left out when has_bias is 0   B: (M, R)
// residual: left out when has_residual is 0   residual, y: (N, M)
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, whole_range}.wgsl
// and lib/{result_*, left_rows, left_of_x, left_*, right_rows, right_of_one, right_*, low_of_u, low_*}.wgsl
struct Params {
  N: u32,
  M: u32,
  K: u32,
  R: u32,
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
@group(0) @binding(6) var<storage, read> residual: array<Result>;
@group(0) @binding(7) var<storage, read_write> y: array<Result>;

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn low_right_block(begin: vec4u, j: u32) -> mat4x4f {
  return transpose(mat4x4f(
    low_right4(begin.x, j),
    low_right4(begin.y, j),
    low_right4(begin.z, j),
    low_right4(begin.w, j),
  ));
}

fn low_scale(m: u32) -> vec4f {
  return vec4f(1.0);
}

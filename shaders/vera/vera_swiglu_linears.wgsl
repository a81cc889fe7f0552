// vera_swiglu_linears: two adapted layers with one input x, and silu of the first result times the second:
//   gate[n,m] = λ_b,0[m] · Σ_j u[n,j] · λ_d,0[j] · B[m,j] + Σ_k x[n,k] · weight0[m,k],  up likewise by λ_1 and weight1,
//   y = gate · σ(gate) · up
// x: (N, K)   u: (N, R)   weight_i: (M, K)   B: (≥ M, R)   gates: gate, and up from at_up on   gate, up, y: (N, M)
// All rows are whole words.
// lambda: the pool of trained values, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see lib/tile_*.wgsl; the tile's columns are pairs of m: two of gate, then the same two of up
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, sigmoid, result_gated, whole_range}.wgsl
// and lib/{left_from_start, left_rows, left_of_x, left_*, right_pairs, right_of_two, right_*, low_rank, low_pairs, low_of_u, low_*}.wgsl
struct Params {
  N: u32,
  M: u32,
  K: u32,
  R: u32,
  lambda_b0: u32,
  lambda_b1: u32,
  lambda_d0: u32,
  lambda_d1: u32,
  at_up: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> u: array<LowWord>;
@group(0) @binding(3) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(4) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(5) var<storage, read> B: array<LowWord>;
@group(0) @binding(6) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> gates: array<vec2f>;
@group(0) @binding(8) var<storage, read_write> y: array<vec2f>;

fn columns() -> u32 {
  return 2u * p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn low_scale_d(part: u32, j: u32) -> vec4f {
  return lambda[(select(p.lambda_d0, p.lambda_d1, part == 1u) + j) >> 2u];
}

fn low_scale(column: u32) -> vec4f {
  let m = column / 2u;
  let gate = lambda[(p.lambda_b0 + m) >> 2u];
  let up = lambda[(p.lambda_b1 + m) >> 2u];
  return select(vec4f(gate.xy, up.xy), vec4f(gate.zw, up.zw), (m & 2u) != 0u);
}

// vera_linears: y_i[n,m] = λ_b,i[m] · Σ_j u[n,j] · λ_d,i[j] · B[m,j] + Σ_k x[n,k] · weight_i[m,k], for two linear layers i with one input x
// x: (N, K)   u: (N, R)   weight_i: (M_i, K)   B: (≥ M_i, R)   y_i: (N, M_i), whose rows are whole words
// lambda: the pool of trained values, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see lib/tile_*.wgsl; the tile's columns are the layers' m, concatenated, the first layer's padded to whole tiles. Each layer
// is a part (one of the kernel's matrix products)
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, of_part, parts_apart, column_parts}.wgsl
// and lib/{vera_two_layers, whole_range, result_*, left_rows, left_of_x, left_*, right_begin_part_rows, right_rows, right_of_two, right_*, low_of_u, low_*}.wgsl
struct Params {
  N: u32,
  K: u32,
  R: u32,
  M0: u32,
  M1: u32,
  lambda_b0: u32,
  lambda_b1: u32,
  lambda_d0: u32,
  lambda_d1: u32,
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
@group(0) @binding(7) var<storage, read_write> y0: array<Result>;
@group(0) @binding(8) var<storage, read_write> y1: array<Result>;

fn low_scale(column: u32) -> vec4f {
  let part = part_of(column);
  return lambda[(select(p.lambda_b0, p.lambda_b1, part == 1u) + column - first_column(part)) >> 2u];
}

fn put(at: u32, value: Result) {
  if (result_part == 0u) {
    y0[at] = value;
  } else {
    y1[at] = value;
  }
}

// vera_linear_backward: dx[n,k] = Σ_j du[n,j] · A[j,k] + Σ_i Σ_m dy_i[n,m] · weight_i[m,k] + sum[n,k], for up to three linear layers
// i with one input x and one u = x·Aᵀ
// dy: dy_i (N, M_i), that of the second and third layer from at_dy1 and at_dy2   weight_i: (M_i, K)   M_i: 0 for a layer that isn't
// there   du: (N, R)   A: (R, stride), of which the first K columns are used
// sum: left out when has_sum is 0   sum, dx: (N, K)
// grid: see lib/tile_*.wgsl, with a part (matrix product) per layer
// with lib/{enable_subgroups, tile_*, neighbours, square, block, low_rank, low_columns, of_part, parts_apart, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_columns, right_of_three, right_*, low_*}.wgsl
struct Params {
  N: u32,
  K: u32,
  R: u32,
  M0: u32,
  M1: u32,
  M2: u32,
  at_dy1: u32,
  at_dy2: u32,
  stride: u32,
  has_sum: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(3) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(4) var<storage, read> weight2: array<RightWord>;
@group(0) @binding(5) var<storage, read> du: array<LowWord>;
@group(0) @binding(6) var<storage, read> A: array<LowWord>;
@group(0) @binding(7) var<storage, read> sum: array<Result>;
@group(0) @binding(8) var<storage, read_write> dx: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.K;
}

fn has_part(part: u32, group: vec3u) -> bool {
  return inner(part) > 0u;
}

fn inner(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn left_base(part: u32) -> u32 {
  return of_part(part, vec3u(0u, p.at_dy1, p.at_dy2));
}

fn left_stride(part: u32) -> u32 {
  return inner(part);
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn low_left_word(index: u32) -> LowWord {
  return du[index];
}

fn low_right_stride() -> u32 {
  return p.stride;
}

fn low_right_word(index: u32) -> LowWord {
  return A[index];
}

fn finish(n: u32, k: u32, block: mat4x4f) {
  put_block(n, k, block);
}

fn put(at: u32, value: Result) {
  var total = value;
  if (p.has_sum != 0u) {
    total += sum[at];
  }
  dx[at] = total;
}

// linear_backward: dx[n,k] = Σ_m dy[n,m] · weight[m,k] + sum[n,k]
// dy: (N, M)   weight: (M, stride), of which the first K columns count   sum, dx: (N, K); no sum when has_sum is 0
// grid: see the tile
// with lib/{tile_*, quad, block, one_part, one_range, result_*, left_rows, left_*, right_columns, right_*}.wgsl
struct Params { N: u32, M: u32, K: u32, stride: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight: array<RightWord>;
@group(0) @binding(3) var<storage, read> sum: array<Result>;
@group(0) @binding(4) var<storage, read_write> dx: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.K;
}

fn inner(part: u32) -> u32 {
  return p.M;
}

fn left_stride(part: u32) -> u32 {
  return p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return weight[index];
}

fn finish(n: u32, k: u32, block: mat4x4f) {
  put_block(n, k, block);
}

fn put(at: u32, value: Result) {
  dx[at] = value + select(Result(), sum[at], p.has_sum != 0u);
}

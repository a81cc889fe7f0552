// linear_shard_backward: dx[n,k] = Σ_m dy[n, first + m] · weight[m,k] + sum[n,k], the contribution of some columns of dy to dx
// dy: (N, width)   weight: (M, stride), rows first … first + M − 1 of a larger matrix, of which the first K columns are used
// first: a multiple of 4, and so is M unless first + M is width
// sum: left out when has_sum is 0   sum, dx: (N, K)
// grid: see lib/tile_*.wgsl; the tile's K runs from first to first + M
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_columns, right_*}.wgsl
struct Params { N: u32, K: u32, M: u32, stride: u32, width: u32, first: u32, has_sum: u32, first_x: u32, first_y: u32 }
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
  return p.width;
}

fn k_begin(group: vec3u) -> u32 {
  return p.first;
}

fn k_end(part: u32, group: vec3u) -> u32 {
  return p.first + p.M;
}

fn left_stride(part: u32) -> u32 {
  return p.width;
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return weight[index - right_origin(part, p.first)];
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

// linear_shard: some columns of linear's result: y[n, first + m] = Σ_k x[n,k] · weight[m,k] + bias[first + m]
// + residual[n, first + m]
// x: (N, K)   weight: (M, stride), rows first … first + M − 1 of a larger matrix, of which the first K columns are used
// bias: (width), left out when has_bias is 0   residual: left out when has_residual is 0   residual, y: (N, width)
// first: a multiple of 4
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_scalar, result_vec4, left_rows, left_of_x, left_*, right_rows, right_of_one, right_*}.wgsl
struct Params {
  N: u32,
  M: u32,
  K: u32,
  stride: u32,
  width: u32,
  first: u32,
  has_bias: u32,
  has_residual: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight: array<RightWord>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<Result>;
@group(0) @binding(5) var<storage, read_write> y: array<Result>;

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn result_start(row: u32) -> u32 {
  return row * p.width + p.first;
}

fn finish(n: u32, m: u32, block: mat4x4f) {
  put_block(n, m, add_to_rows(block, bias4(p.first + m)));
}

fn bias4(m: u32) -> vec4f {
  if (p.has_bias == 0u) {
    return vec4f();
  }
  let last = p.width - 1u;
  return vec4f(bias[min(m, last)], bias[min(m + 1u, last)], bias[min(m + 2u, last)], bias[min(m + 3u, last)]);
}

fn put(at: u32, value: Result) {
  var sum = value;
  if (p.has_residual != 0u) {
    sum += residual[at];
  }
  y[at] = sum;
}

// linear: y[n,m] = Σ_k x[n,k] · weight[m,k] + bias[m] + residual[n,m]
// x: (N, K)   weight: (M, stride), of which the first K columns are used   bias: (M), left out when has_bias is 0
// residual: left out when has_residual is 0   residual, y: (N, M)
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_*, left_rows, left_of_x, left_*, right_rows, right_of_one, right_*}.wgsl
struct Params { N: u32, M: u32, K: u32, stride: u32, has_bias: u32, has_residual: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight: array<RightWord>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<Result>;
@group(0) @binding(5) var<storage, read_write> y: array<Result>;

// True if there is neither bias nor residual.
override PLAIN: bool = false;

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn finish(n: u32, m: u32, block: mat4x4f) {
  put_block(n, m, add_to_rows(block, bias4(m)));
}

fn bias4(m: u32) -> vec4f {
  if (PLAIN || p.has_bias == 0u) {
    return vec4f();
  }
  let last = p.M - 1u;
  return vec4f(bias[min(m, last)], bias[min(m + 1u, last)], bias[min(m + 2u, last)], bias[min(m + 3u, last)]);
}

fn put(at: u32, value: Result) {
  var sum = value;
  if (!PLAIN && p.has_residual != 0u) {
    sum += residual[at];
  }
  y[at] = sum;
}

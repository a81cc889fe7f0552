// rms_norm_up_backward: rms_norm_backward, and vera_up_backward of one layer, whose result's gradient is dx:
// with x̂[n,c] = x[n,c] · rstd[n], rstd[n] = 1 / √(mean_c(x[n,c]²) + eps), and h[n,c] = dy[n,c] · (weight[c] + weight_offset):
//   dx[n,c] = sum[n,c] + rstd[n] · (h[n,c] − x̂[n,c] · mean_c(h · x̂)),  du[n,j] = λ_d[j] · Σ_c dx[n,c] · λ_b[c] · B[c,j]
// x, dy, sum, dx: (N, C); no sum when has_sum is 0   weight: (C)   B: (≥ C, R)   du: (N, R)
// lambda: the pool of trained values, with λ_b at lambda_b and λ_d at lambda_d, multiples of 4
// All rows are whole words, and N is a multiple of 16.
// grid: see lib/tile_*.wgsl
// with lib/{norm_gradient_in_tile, tile_*, square, one_range, whole_range}.wgsl
// or lib/{norm_gradient_of_rows, left_rows, left_vec4, left_from_start, enable_subgroups, norm_by_quads, neighbours}.wgsl
// and lib/{block, result_*, right_begin_columns, right_scaled_columns, right_*}.wgsl
struct Params {
  N: u32,
  C: u32,
  R: u32,
  lambda_b: u32,
  lambda_d: u32,
  eps: f32,
  weight_offset: f32,
  has_sum: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read> sum: array<vec4f>;
@group(0) @binding(5) var<storage, read> B: array<RightWord>;
@group(0) @binding(6) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> du: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.R;
}

fn inner(part: u32) -> u32 {
  return p.C;
}

fn left_stride(part: u32) -> u32 {
  return p.C;
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

fn right_scale(c: u32) -> vec4f {
  return lambda[(p.lambda_b + c) >> 2u];
}

// λ_d scales the finished sums, because there is only one layer.
fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, scale_columns(block, lambda[(p.lambda_d + min(j, p.R - 4u)) >> 2u]));
}

fn put(at: u32, value: Result) {
  du[at] = value;
}

// Returns h of a row's word. factor: the word of the weights, with their offset.
fn scaled_gradient(at: u32, factor: vec4f) -> vec4f {
  return dy[at] * factor;
}

// Returns dx of a row's word. r: rstd of the row; mean: mean_c(h · x̂) · r
fn gradient_of_x(at: u32, factor: vec4f, r: f32, mean: f32) -> vec4f {
  // A factor of 0 or 1 takes fewer instructions than a selection. Without a sum, dy is bound as `sum`. If dy isn't finite, the product
  // with 0 is NaN, but dx isn't finite anyway.
  return r * (scaled_gradient(at, factor) - x[at] * mean) + sum[at] * f32(p.has_sum);
}

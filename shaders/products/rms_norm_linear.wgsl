// rms_norm_linear: rms_norm, and the product of its result by A:
//   y[n,c] = x[n,c] · rstd[n] · (weight[c] + weight_offset),  rstd[n] = 1 / √(mean_c(x[n,c]²) + eps),  u[n,j] = Σ_c y[n,c] · A[j,c]
// x, y: (N, C)   weight: (C)   A: (R, stride), of which the first C columns are used   rstd: (N)   u: (N, R)
// All rows are whole words, and N is a multiple of 16.
// grid: see lib/tile_*.wgsl
// with lib/{norm_in_tile, tile_*, square, one_range, whole_range}.wgsl
// or lib/{norm_of_rows, left_rows, enable_subgroups, norm_by_quads, neighbours}.wgsl
// and lib/{block, result_*, left_vec4, left_from_start, right_begin_rows, right_*}.wgsl
struct Params { N: u32, C: u32, R: u32, stride: u32, eps: f32, weight_offset: f32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> A: array<RightWord>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(6) var<storage, read_write> u: array<Result>;

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
  return p.stride;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return A[index];
}

fn put(at: u32, value: Result) {
  u[at] = value;
}

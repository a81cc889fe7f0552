// vera_saved_backward: dv[n,j] = Σ_m dy[n,m] · λ_b[m] · B[m,j]     du[n,j] = λ_d[j] · dv[n,j] + sum[n,j]
// dy: (N, M)   B: (≥ M, R)   sum: left out when has_sum is 0   sum, dv, du: (N, R)
// lambda: the pool of trained values, with λ_b at lambda_b and λ_d at lambda_d, multiples of 4
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_*, factor_*, left_rows, left_*, right_scaled_columns, right_*}.wgsl
struct Params { N: u32, M: u32, R: u32, lambda_b: u32, lambda_d: u32, has_sum: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> B: array<RightWord>;
@group(0) @binding(3) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(4) var<storage, read> sum: array<Result>;
@group(0) @binding(5) var<storage, read_write> dv: array<Result>;
@group(0) @binding(6) var<storage, read_write> du: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.R;
}

fn inner(part: u32) -> u32 {
  return p.M;
}

fn left_stride(part: u32) -> u32 {
  return p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

fn right_scale(m: u32) -> vec4f {
  return lambda[(p.lambda_b + m) >> 2u];
}

fn factor4(n: u32, j: u32) -> vec4f {
  return lambda[(p.lambda_d + j) >> 2u];
}

fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, block);
}

fn put(at: u32, value: Result) {
  dv[at] = value;
  var total = factor(at) * value;
  if (p.has_sum != 0u) {
    total += sum[at];
  }
  du[at] = total;
}

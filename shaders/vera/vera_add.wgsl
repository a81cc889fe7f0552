// vera_add: z[n,m] = y[n,m] + λ_b[m] · Σ_j u[n,j] · λ_d[j] · B[m,j]
// y, z: (N, M)   u: (N, R)   B: (≥ M, R)
// lambda: the pool of trained values, with λ_b at lambda_b and λ_d at lambda_d, multiples of 4
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, operands_of_up, one_range, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_scaled_rows, right_*}.wgsl
struct Params { N: u32, M: u32, R: u32, lambda_b: u32, lambda_d: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<Result>;
@group(0) @binding(2) var<storage, read> u: array<LeftWord>;
@group(0) @binding(3) var<storage, read> B: array<RightWord>;
@group(0) @binding(4) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> z: array<Result>;

fn left_word(part: u32, index: u32) -> LeftWord {
  return u[index];
}

fn right_scale(j: u32) -> vec4f {
  return lambda[(p.lambda_d + j) >> 2u];
}

fn finish(n: u32, m: u32, block: mat4x4f) {
  put_block(n, m, scale_columns(block, lambda[(p.lambda_b + m) >> 2u]));
}

fn put(at: u32, value: Result) {
  z[at] = y[at] + value;
}

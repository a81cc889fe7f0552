// vera_merge_backward: the gradients of λ_b and λ_d from dw, the gradient of vera_merge's result
// M[m,j] = Σ_k dw[m,k] · A[j,k] is never stored: lib/lambda_partials.wgsl reduces its tiles to partial sums.
// dw: (M, K)   A: (R, stride), of which the first K columns are used   B: (≥ M, R)
// partials: partial sums of many weights; those of this weight begin at partial_b and partial_d
// lambda: the pool of trained values, with λ_b at lambda_b and λ_d at lambda_d, multiples of 4
// grid: see lib/tile_*.wgsl; the tile's rows are m and its columns j
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range, whole_range, left_rows, left_*}.wgsl
// and lib/{right_rows, right_*, lambda_partials, lambda_sums_*}.wgsl
struct Params {
  M: u32,
  K: u32,
  R: u32,
  stride: u32,
  lambda_b: u32,
  lambda_d: u32,
  partial_b: u32,
  partial_d: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dw: array<LeftWord>;
@group(0) @binding(2) var<storage, read> A: array<RightWord>;
@group(0) @binding(3) var<storage, read> B: array<f32>;
@group(0) @binding(4) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

fn rows() -> u32 {
  return p.M;
}

fn columns() -> u32 {
  return p.R;
}

fn inner(part: u32) -> u32 {
  return p.K;
}

fn left_stride(part: u32) -> u32 {
  return p.K;
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dw[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return A[index];
}

fn part_of(row: u32) -> u32 {
  return 0u;
}

fn first_row(part: u32) -> u32 {
  return 0u;
}

fn size_of(part: u32) -> u32 {
  return p.M;
}

fn b4(m: u32, j: u32) -> vec4f {
  let at = m * p.R + j;
  let left = p.R - j;
  return vec4f(
    B[at],
    select(0.0, B[at + 1u], left > 1u),
    select(0.0, B[at + 2u], left > 2u),
    select(0.0, B[at + 3u], left > 3u),
  );
}

fn vectors_of(part: u32) -> Vectors {
  return Vectors(p.lambda_b, p.lambda_d, p.partial_b, p.partial_d);
}

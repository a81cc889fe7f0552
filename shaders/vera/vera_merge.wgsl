// vera_merge: into[m,k] = weight[m,k] + λ_b[m] · Σ_j B[m,j] · λ_d[j] · A[j,k]
// weight: (M, K) in f32, or with `half` in packed f16; what into holds when has_weight is 0, or nothing when onto is 0, too
// A: (R, stride), of which the first K columns are used   B: (≥ M, R)   into: (M, K)
// lambda: the pool, with λ_b at lambda_b and λ_d at lambda_d, multiples of 4
// grid: see the tile; its rows are m, its columns k, and its K runs over the rank
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_*, addend_*, left_rows, left_*, right_scaled_columns, right_*}.wgsl
struct Params {
  M: u32,
  K: u32,
  R: u32,
  stride: u32,
  lambda_b: u32,
  lambda_d: u32,
  half: u32,
  has_weight: u32,
  onto: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weight: array<AddendWord>;
@group(0) @binding(2) var<storage, read> A: array<RightWord>;
@group(0) @binding(3) var<storage, read> B: array<LeftWord>;
@group(0) @binding(4) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> into: array<Result>;

fn rows() -> u32 {
  return p.M;
}

fn columns() -> u32 {
  return p.K;
}

fn inner(part: u32) -> u32 {
  return p.R;
}

fn left_stride(part: u32) -> u32 {
  return p.R;
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return B[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return A[index];
}

fn right_scale(j: u32) -> vec4f {
  return lambda[(p.lambda_d + j) >> 2u];
}

fn finish(m: u32, k: u32, block: mat4x4f) {
  let scale_b = lambda[(p.lambda_b + m) >> 2u];
  put_block(m, k, mat4x4f(
    block[0] * scale_b.x,
    block[1] * scale_b.y,
    block[2] * scale_b.z,
    block[3] * scale_b.w,
  ));
}

fn addend_word(index: u32) -> AddendWord {
  return weight[index];
}

fn put(at: u32, value: Result) {
  if (p.has_weight != 0u) {
    into[at] = addend(at, p.half != 0u) + value;
  } else if (p.onto != 0u) {
    into[at] += value;
  } else {
    into[at] = value;
  }
}

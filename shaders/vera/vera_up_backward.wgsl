// vera_up_backward: du[n,j] = Σ_i λ_d,i[j] · Σ_m dy_i[n,m] · λ_b,i[m] · B[m,j] + sum[n,j], for up to three linear layers
// i with the same u, B and pool
// dy: dy_i (N, M_i), that of the second and third layer from at_dy1 and at_dy2   M_i: 0 for a layer that isn't there
// B: (≥ M_i, R)   sum, du: (N, R); no sum when has_sum is 0
// lambda: the pool of trained values, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see lib/tile_*.wgsl, with a part (matrix product) per layer, whose K is the layer's m
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_range, of_part, parts_in_turn, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_*}.wgsl
struct Params {
  N: u32,
  R: u32,
  M0: u32,
  M1: u32,
  M2: u32,
  at_dy1: u32,
  at_dy2: u32,
  lambda_b0: u32,
  lambda_b1: u32,
  lambda_b2: u32,
  lambda_d0: u32,
  lambda_d1: u32,
  lambda_d2: u32,
  has_sum: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> B: array<RightWord>;
@group(0) @binding(3) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(4) var<storage, read> sum: array<Result>;
@group(0) @binding(5) var<storage, read_write> du: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.R;
}

fn parts() -> u32 {
  return 1u + u32(p.M1 > 0u) + u32(p.M2 > 0u);
}

fn inner(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn left_base(part: u32) -> u32 {
  return of_part(part, vec3u(0u, p.at_dy1, p.at_dy2));
}

fn left_stride(part: u32) -> u32 {
  return inner(part);
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

// Returns the offset of four columns in a row of B, the offsets of their λ_d and of the layer's λ_b in the pool, and B's last row.
fn right_begin(part: u32, column: u32) -> vec4u {
  let j = min(column, (p.R - 1u) & ~3u);
  return vec4u(
    right_place(j),
    (of_part(part, vec3u(p.lambda_d0, p.lambda_d1, p.lambda_d2)) + j) >> 2u,
    of_part(part, vec3u(p.lambda_b0, p.lambda_b1, p.lambda_b2)),
    inner(part) - 1u,
  );
}

// Scales B by both vectors: λ_d differs between layers, so it can't scale the finished sum over the layers.
fn right_block(part: u32, begin: vec4u, m: u32) -> mat4x4f {
  let scale_d = lambda[begin.y];
  let scale_b = lambda[(begin.z + m) >> 2u];
  return mat4x4f(
    right4(part, right_origin(part, min(m, begin.w)), begin.x) * (scale_d * scale_b.x),
    right4(part, right_origin(part, min(m + 1u, begin.w)), begin.x) * (scale_d * scale_b.y),
    right4(part, right_origin(part, min(m + 2u, begin.w)), begin.x) * (scale_d * scale_b.z),
    right4(part, right_origin(part, min(m + 3u, begin.w)), begin.x) * (scale_d * scale_b.w),
  );
}

fn right_whole_block(part: u32, begin: vec4u, m: u32) -> mat4x4f {
  let scale_d = lambda[begin.y];
  let scale_b = lambda[(begin.z + m) >> 2u];
  let distance = right_origin(part, 1u);
  let line = m * distance;
  return mat4x4f(
    right4(part, line, begin.x) * (scale_d * scale_b.x),
    right4(part, line + distance, begin.x) * (scale_d * scale_b.y),
    right4(part, line + 2u * distance, begin.x) * (scale_d * scale_b.z),
    right4(part, line + 3u * distance, begin.x) * (scale_d * scale_b.w),
  );
}

fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, block);
}

fn put(at: u32, value: Result) {
  var total = value;
  if (p.has_sum != 0u) {
    total += sum[at];
  }
  du[at] = total;
}

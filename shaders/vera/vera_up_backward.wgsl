// vera_up_backward: du[n,j] = Σ_i λ_d,i[j] · Σ_m dy_i[n,m] · λ_b,i[m] · B[m,j] + sum[n,j], for up to three linear layers
// i with the same u, B and pool
// dy: dy_i (N, M_i), of which the second and third begin at at_dy1 and at_dy2   M_i: 0 for a layer that isn't there
// B: (≥ M_i, R)   sum, du: (N, R); no sum when has_sum is 0
// lambda: the pool, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see the tile; its K is the layers' m, concatenated, each layer padded to a multiple of 4
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range, whole_range, of_part}.wgsl
// and lib/{result_*, left_*, right_*}.wgsl
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

fn inner(part: u32) -> u32 {
  return first_k().z + whole(p.M2);
}

fn whole(size: u32) -> u32 {
  return (size + 3u) & ~3u;
}

// The first k of each layer.
fn first_k() -> vec3u {
  return vec3u(0u, whole(p.M0), whole(p.M0) + whole(p.M1));
}

struct Place { layer: u32, m: u32 }

fn place_of(k: u32) -> Place {
  let first = first_k();
  let layer = u32(k >= first.y) + u32(k >= first.z);
  return Place(layer, k - of_part(layer, first));
}

fn left_base(layer: u32) -> u32 {
  return of_part(layer, vec3u(0u, p.at_dy1, p.at_dy2));
}

fn left_stride(layer: u32) -> u32 {
  return of_part(layer, vec3u(p.M0, p.M1, p.M2));
}

fn left_word(layer: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn left_begin(part: u32, row: u32) -> vec4u {
  return min(row + vec4u(0u, 1u, 2u, 3u), vec4u(p.N - 1u));
}

fn left_block(part: u32, rows: vec4u, k: u32) -> mat4x4f {
  let at = place_of(k);
  return mat4x4f(
    left4(at.layer, left_origin(at.layer, rows.x), left_place(at.m)),
    left4(at.layer, left_origin(at.layer, rows.y), left_place(at.m)),
    left4(at.layer, left_origin(at.layer, rows.z), left_place(at.m)),
    left4(at.layer, left_origin(at.layer, rows.w), left_place(at.m)),
  );
}

fn whole_fours(end: u32) -> u32 {
  return end;
}

fn left_whole_block(part: u32, rows: vec4u, k: u32) -> mat4x4f {
  return left_block(part, rows, k);
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return B[index];
}

fn right_begin(part: u32, j: u32) -> vec4u {
  return vec4u(min(j, (p.R - 1u) & ~3u));
}

// Scaled by both vectors here: λ_d differs between layers, so it can't scale the finished sum.
fn right_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let j = begin.x;
  let at = place_of(k);
  let last = left_stride(at.layer) - 1u;
  let scale_d = lambda[(of_part(at.layer, vec3u(p.lambda_d0, p.lambda_d1, p.lambda_d2)) + j) >> 2u];
  let scale_b = lambda[(of_part(at.layer, vec3u(p.lambda_b0, p.lambda_b1, p.lambda_b2)) + at.m) >> 2u];
  return mat4x4f(
    right4(part, right_origin(part, min(at.m, last)), right_place(j)) * (scale_d * scale_b.x),
    right4(part, right_origin(part, min(at.m + 1u, last)), right_place(j)) * (scale_d * scale_b.y),
    right4(part, right_origin(part, min(at.m + 2u, last)), right_place(j)) * (scale_d * scale_b.z),
    right4(part, right_origin(part, min(at.m + 3u, last)), right_place(j)) * (scale_d * scale_b.w),
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

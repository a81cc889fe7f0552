// vera_lambda_backward: the gradients of λ_b,i and λ_d,i, for up to three linear layers i with the same u, B and pool.
// M_i[m,j] = Σ_n dy_i[n,m] · u[n,j], over the tokens n of a slice, is never stored: lib/lambda_partials.wgsl reduces its tiles
// to partial sums.
// dy: dy_i (N, M_i), of which the second and third begin at at_dy1 and at_dy2   M_i: 0 for a layer that isn't there
// u: (N, R)   B: (≥ M_i, R)   slice: tokens, a multiple of 16
// partials: those of many layers; layer i's begin at partial_b_i and partial_d_i
// lambda: the pool, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see the tile, and a slice in z; its rows are the layers' m, concatenated, each layer padded to whole tiles; its
// columns are j, and its K runs over tokens; a layer is a part
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_range, of_part, part_of_tile, left_columns, left_*}.wgsl
// and lib/{right_columns, right_*, lambda_partials, lambda_sums_*}.wgsl
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
  partial_b0: u32,
  partial_b1: u32,
  partial_b2: u32,
  partial_d0: u32,
  partial_d1: u32,
  partial_d2: u32,
  slice: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> u: array<RightWord>;
@group(0) @binding(3) var<storage, read> B: array<RightWord>;
@group(0) @binding(4) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

fn rows() -> u32 {
  return first_row(2u) + p.M2;
}

fn first_row(part: u32) -> u32 {
  let second = (p.M0 + 63u) & ~63u;
  return of_part(part, vec3u(0u, second, second + ((p.M1 + 63u) & ~63u)));
}

fn part_of(row: u32) -> u32 {
  return u32(row >= first_row(1u)) + u32(row >= first_row(2u));
}

fn size_of(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn columns() -> u32 {
  return p.R;
}

fn inner(part: u32) -> u32 {
  return p.N;
}

fn left_row(part: u32, row: u32) -> u32 {
  return row - first_row(tile_part);
}

fn left_stride(part: u32) -> u32 {
  return size_of(tile_part);
}

fn right_stride(part: u32) -> u32 {
  return p.R;
}

fn left_base(part: u32) -> u32 {
  return of_part(tile_part, vec3u(0u, p.at_dy1, p.at_dy2));
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

// u and B both have lines of R values, so the reader of the right operand (lib/right_*.wgsl) serves both: part 0 is u, the
// product's operand, and part READS_B is B. Each call passes a constant, so the branch is compiled away.
const READS_B = 1u;

fn right_word(part: u32, index: u32) -> RightWord {
  if (part == READS_B) {
    return B[index];
  }
  return u[index];
}

fn k_begin(group: vec3u) -> u32 {
  return group.z * p.slice;
}

fn k_end(part: u32, group: vec3u) -> u32 {
  return min(p.N, (group.z + 1u) * p.slice);
}

fn b4(m: u32, j: u32) -> vec4f {
  return right4(READS_B, right_origin(READS_B, m), right_place(j));
}

fn vectors_of(part: u32) -> Vectors {
  return Vectors(
    of_part(part, vec3u(p.lambda_b0, p.lambda_b1, p.lambda_b2)),
    of_part(part, vec3u(p.lambda_d0, p.lambda_d1, p.lambda_d2)),
    of_part(part, vec3u(p.partial_b0, p.partial_b1, p.partial_b2)),
    of_part(part, vec3u(p.partial_d0, p.partial_d1, p.partial_d2)),
  );
}

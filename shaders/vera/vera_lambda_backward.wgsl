// vera_lambda_backward: the gradients of λ_b,i and λ_d,i, for up to four linear layers i with the same B and pool.
// M_i[m,j] = Σ_n dy_i[n,m] · u_i[n,j], over the tokens n of a slice, is never stored: lib/lambda_partials.wgsl reduces its tiles
// to partial sums.
// dy: dy_i (N, M_i) of the first three layers; that of the second and third begins at at_dy1 and at_dy2   u: (N, R), of these layers
// other_dy, other_u: dy and u of the fourth layer   M_i: 0 for a layer that isn't there
// B: (≥ M_i, R)   slice: tokens, a multiple of 16
// partials: partial sums of many layers; those of layer i begin at partial_b_i and partial_d_i
// lambda: the pool of trained values, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see lib/tile_*.wgsl, and a slice in z; the tile's rows are the layers' m, concatenated, each layer padded to whole tiles; its
// columns are j, and its K runs over tokens. Each layer is a part (one of the kernel's matrix products)
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_range, of_part, four_parts, part_of_tile, left_columns, left_*}.wgsl
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
  M3: u32,
  lambda_b3: u32,
  lambda_d3: u32,
  partial_b0: u32,
  partial_b1: u32,
  partial_b2: u32,
  partial_b3: u32,
  partial_d0: u32,
  partial_d1: u32,
  partial_d2: u32,
  partial_d3: u32,
  slice: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> u: array<RightWord>;
@group(0) @binding(3) var<storage, read> other_dy: array<LeftWord>;
@group(0) @binding(4) var<storage, read> other_u: array<RightWord>;
@group(0) @binding(5) var<storage, read> B: array<RightWord>;
@group(0) @binding(6) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> partials: array<f32>;

fn rows() -> u32 {
  return first_row(3u) + p.M3;
}

fn has_other_operands(part: u32) -> bool {
  return part == 3u;
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
  return of_four(tile_part, vec4u(0u, p.at_dy1, p.at_dy2, 0u));
}

// The values of the parameter `part` of functions that read operands: it selects the buffer. Each call passes one of these constants, so
// the branches are compiled away. The rows of u, other_u and B have R values, so lib/right_*.wgsl can read all three.
const OWN = 0u;
const OTHER = 1u;
const READS_B = 2u;

fn left_word(operands: u32, index: u32) -> LeftWord {
  if (operands == OTHER) {
    return other_dy[index];
  }
  return dy[index];
}

fn right_word(operands: u32, index: u32) -> RightWord {
  if (operands == READS_B) {
    return B[index];
  }
  if (operands == OTHER) {
    return other_u[index];
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
    of_four(part, vec4u(p.lambda_b0, p.lambda_b1, p.lambda_b2, p.lambda_b3)),
    of_four(part, vec4u(p.lambda_d0, p.lambda_d1, p.lambda_d2, p.lambda_d3)),
    of_four(part, vec4u(p.partial_b0, p.partial_b1, p.partial_b2, p.partial_b3)),
    of_four(part, vec4u(p.partial_d0, p.partial_d1, p.partial_d2, p.partial_d3)),
  );
}

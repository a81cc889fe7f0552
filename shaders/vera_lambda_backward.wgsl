// vera_lambda_backward: for up to three layers with one u, B and pool; i is left out here.
// With G[m,j] = B[m,j] · Σ_n dy[n,m] · u[n,j], which is never stored, over the tokens n of a slice, each tile of G gives
//   partial_b[quarter of j, m] = Σ_j G[m,j] · λ_d[j]     partial_d[quarter of m, j] = Σ_m G[m,j] · λ_b[m]
// A tile has four quarters: of j 16 in a row, of m those whose remainders by 32 are 8 in a row.
// dy: dy_i (N, M_i), of which the second and third begin at at_dy1 and at_dy2   M_i: 0 from the last layer on
// u: (N, R)   B: (≥ M_i, R)   slice: tokens, a multiple of 16
// partials: those of many layers; of this one partial_b (slices, ⌈R/64⌉, 4, M) from at_i on, then partial_d (slices,
// ⌈M/64⌉, 4, R)
// lambda: the pool, with λ_b,i at b_i and λ_d,i at d_i, multiples of 4
// grid: see the tile, and a slice in z; its rows are the layers' m, one layer below the other, each from a tile's first row
// on; its columns are j, and tokens are its K; a layer is a part
// with lib/{enable_subgroups, tile_*, neighbours, quad, block, one_range, of_part, part_of_tile, left_columns, left_*}.wgsl
// and lib/{right_columns, right_*, lambda_sums_*}.wgsl
struct Params {
  N: u32,
  R: u32,
  M0: u32,
  M1: u32,
  M2: u32,
  at_dy1: u32,
  at_dy2: u32,
  b0: u32,
  b1: u32,
  b2: u32,
  d0: u32,
  d1: u32,
  d2: u32,
  at0: u32,
  at1: u32,
  at2: u32,
  slice: u32,
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
  let second = (p.M0 + 63u) / 64u * 64u;
  return of_part(part, vec3u(0u, second, second + (p.M1 + 63u) / 64u * 64u));
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

// Beside the right operand, B is read as that of another part.
const OF_B = 1u;

fn right_word(part: u32, index: u32) -> RightWord {
  if (part == OF_B) {
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

// Of a block of G: its contributions to four rows and to four columns.
struct BlockSums { by_row: vec4f, by_column: vec4f }

fn block_sums(row: u32, j: u32, block: mat4x4f) -> BlockSums {
  let part = part_of(row);
  let size = size_of(part);
  let m = row - first_row(part);
  if (m >= size || j >= p.R) {
    return BlockSums();
  }
  let lambda_b = lambda[(of_part(part, vec3u(p.b0, p.b1, p.b2)) + m) / 4u];
  let lambda_d = lambda[(of_part(part, vec3u(p.d0, p.d1, p.d2)) + j) / 4u];
  let g0 = block[0] * b_row(m, j, size);
  let g1 = block[1] * b_row(m + 1u, j, size);
  let g2 = block[2] * b_row(m + 2u, j, size);
  let g3 = block[3] * b_row(m + 3u, j, size);
  return BlockSums(
    vec4f(dot(g0, lambda_d), dot(g1, lambda_d), dot(g2, lambda_d), dot(g3, lambda_d)),
    g0 * lambda_b.x + g1 * lambda_b.y + g2 * lambda_b.z + g3 * lambda_b.w,
  );
}

fn b_row(m: u32, j: u32, size: u32) -> vec4f {
  return select(vec4f(), right4(OF_B, right_origin(OF_B, min(m, size - 1u)), j), m < size);
}

// Of four rows, over the 16 columns of a quarter of a tile.
fn put_row_sums(group: vec3u, quarter: u32, row: u32, sums: vec4f) {
  let part = part_of(row);
  let size = size_of(part);
  let m = row - first_row(part);
  let line = (group.z * tiles(p.R) + group.y) * 4u + quarter;
  let at = of_part(part, vec3u(p.at0, p.at1, p.at2)) + line * size;
  for (var i = 0u; i < 4u && m + i < size; i++) {
    partials[at + m + i] = sums[i];
  }
}

// Of four columns, over the 16 rows of a quarter.
fn put_column_sums(group: vec3u, quarter: u32, j: u32, sums: vec4f) {
  let part = part_of(group.x * 64u);
  let size = size_of(part);
  let partial_d = of_part(part, vec3u(p.at0, p.at1, p.at2)) + slices() * tiles(p.R) * 4u * size;
  let line = (group.z * tiles(size) + group.x - first_row(part) / 64u) * 4u + quarter;
  let at = partial_d + line * p.R;
  for (var i = 0u; i < 4u && j + i < p.R; i++) {
    partials[at + j + i] = sums[i];
  }
}

fn tiles(length: u32) -> u32 {
  return (length + 63u) / 64u;
}

fn slices() -> u32 {
  return (p.N + p.slice - 1u) / p.slice;
}

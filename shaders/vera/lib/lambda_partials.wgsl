// Computes partial sums of λ's gradients from a tile of G[m,j] = B[m,j] · M[m,j], where M is the tile's matrix product, which isn't stored:
//   partial_b[quarter of j, m] = Σ_j G[m,j] · λ_d[j]     partial_d[quarter of m, j] = Σ_m G[m,j] · λ_b[m]
// A tile's columns j and rows m are summed in quarters: 16 adjacent columns, or 16 rows that the tile sums together. For each part (one of
// the kernel's matrix products), partial_b is (slices, ⌈R/64⌉, 4, M), and partial_d (slices, ⌈M/64⌉, 4, R).
// The kernel defines the part of a row (part_of), a part's rows (first_row, size_of), and the values of B (b4). Its vectors_of returns the
// offsets of a part's λ_b and λ_d in the pool, and of their partial sums in partials.
struct Vectors { lambda_b: u32, lambda_d: u32, partial_b: u32, partial_d: u32 }

// The terms that a block of G adds to the sums of four rows and of four columns.
struct BlockSums { by_row: vec4f, by_column: vec4f }

fn block_sums(row: u32, j: u32, block: mat4x4f) -> BlockSums {
  let part = part_of(row);
  let size = size_of(part);
  let m = row - first_row(part);
  if (m >= size || j >= columns()) {
    return BlockSums();
  }
  let vectors = vectors_of(part);
  let scale_b = lambda[(vectors.lambda_b + m) >> 2u];
  let scale_d = lambda[(vectors.lambda_d + j) >> 2u];
  let g0 = block[0] * b_row(m, j, size);
  let g1 = block[1] * b_row(m + 1u, j, size);
  let g2 = block[2] * b_row(m + 2u, j, size);
  let g3 = block[3] * b_row(m + 3u, j, size);
  return BlockSums(
    vec4f(dot(g0, scale_d), dot(g1, scale_d), dot(g2, scale_d), dot(g3, scale_d)),
    g0 * scale_b.x + g1 * scale_b.y + g2 * scale_b.z + g3 * scale_b.w,
  );
}

fn b_row(m: u32, j: u32, size: u32) -> vec4f {
  return select(vec4f(), b4(min(m, size - 1u), j), m < size);
}

// Stores the sums of four rows over a quarter of the columns.
fn put_row_sums(group: vec3u, quarter: u32, row: u32, sums: vec4f) {
  let part = part_of(row);
  let size = size_of(part);
  let m = row - first_row(part);
  let line = (group.z * tiles(columns()) + group.y) * 4u + quarter;
  let at = vectors_of(part).partial_b + line * size;
  for (var i = 0u; i < 4u && m + i < size; i++) {
    partials[at + m + i] = sums[i];
  }
}

// Stores the sums of four columns over a quarter of the rows.
fn put_column_sums(group: vec3u, quarter: u32, j: u32, sums: vec4f) {
  let part = part_of(group.x * 64u);
  let size = size_of(part);
  let line = (group.z * tiles(size) + group.x - (first_row(part) >> 6u)) * 4u + quarter;
  let at = vectors_of(part).partial_d + line * columns();
  for (var i = 0u; i < 4u && j + i < columns(); i++) {
    partials[at + j + i] = sums[i];
  }
}

fn tiles(length: u32) -> u32 {
  return (length + 63u) >> 6u;
}

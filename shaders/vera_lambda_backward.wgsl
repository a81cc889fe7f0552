// vera_lambda_backward: with G[m,j] = B[m,j] · Σ_n dy[n,m] · u[n,j], which is never stored, each tile of G gives
//   partial_b[tile of j, m] = Σ_j G[m,j] · λ_d[j]     partial_d[tile of m, j] = Σ_m G[m,j] · λ_b[m]
// dy: (N, M)   u: (N, R)   B: (≥ M, R)
// partials: of many modules; partial_b (⌈R/64⌉, M) from at_b, partial_d (⌈M/64⌉, R) from at_d
// lambda: the pool, with λ_b at offset_b and λ_d at offset_d, multiples of 4
// grid: see the tile; its rows are m, its columns j, and tokens are its K
// with lib/{tile_*, quad, block, one_part, one_range, left_columns, left_*, right_columns, right_*}.wgsl
struct Params { N: u32, M: u32, R: u32, offset_b: u32, offset_d: u32, at_b: u32, at_d: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> u: array<RightWord>;
@group(0) @binding(3) var<storage, read> B: array<f32>;
@group(0) @binding(4) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

// Four sums for each block of the tile. A thread's blocks lie 32 rows apart and share a column sum; both start at 0.
var<workgroup> row_sums: array<vec4f, 256>;    // 16 row blocks × 16 column blocks
var<workgroup> column_sums: array<vec4f, 128>; // 16 column blocks × 8 row blocks

fn rows() -> u32 {
  return p.M;
}

fn columns() -> u32 {
  return p.R;
}

fn inner(part: u32) -> u32 {
  return p.N;
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
  return u[index];
}

fn finish(m: u32, j: u32, block: mat4x4f) {
  if (m < p.M && j < p.R) {
    let lambda_b = lambda[(p.offset_b + m) / 4u];
    let lambda_d = lambda[(p.offset_d + j) / 4u];
    let g0 = block[0] * b_row(m, j);
    let g1 = block[1] * b_row(m + 1u, j);
    let g2 = block[2] * b_row(m + 2u, j);
    let g3 = block[3] * b_row(m + 3u, j);
    let row_block = m / 4u % 16u;
    let column_block = j / 4u % 16u;
    row_sums[row_block * 16u + column_block] =
      vec4f(dot(g0, lambda_d), dot(g1, lambda_d), dot(g2, lambda_d), dot(g3, lambda_d));
    column_sums[column_block * 8u + row_block % 8u] +=
      g0 * lambda_b.x + g1 * lambda_b.y + g2 * lambda_b.z + g3 * lambda_b.w;
  }
}

fn b_row(m: u32, j: u32) -> vec4f {
  return vec4f(b_value(m, j), b_value(m, j + 1u), b_value(m, j + 2u), b_value(m, j + 3u));
}

fn b_value(m: u32, j: u32) -> f32 {
  return select(0.0, B[min(m, p.M - 1u) * p.R + min(j, p.R - 1u)], m < p.M && j < p.R);
}

fn finish_tile(group: vec3u, thread: u32) {
  workgroupBarrier();
  let block = thread % 16u;
  if (thread < 16u) {
    var total = vec4f();
    for (var i = 0u; i < 16u; i++) {
      total += row_sums[block * 16u + i];
    }
    let m = group.x * 64u + block * 4u;
    for (var i = 0u; i < 4u; i++) {
      if (m + i < p.M) {
        partials[p.at_b + group.y * p.M + m + i] = total[i];
      }
    }
  } else if (thread < 32u) {
    var total = vec4f();
    for (var i = 0u; i < 8u; i++) {
      total += column_sums[block * 8u + i];
    }
    let j = group.y * 64u + block * 4u;
    for (var i = 0u; i < 4u; i++) {
      if (j + i < p.R) {
        partials[p.at_d + group.x * p.R + j + i] = total[i];
      }
    }
  }
}

// vera_merge: into_i[m,k] = weight_i[m,k] + λ_b,i[m] · Σ_j B[m,j] · λ_d,i[j] · A[j,k], for up to four weights i with K columns
// weight_i: (M_i, K) in f32, or with `half` in packed f16; when has_weight is 0, into's old content replaces it, or 0 if onto is 0
// A: (R, stride), of which the first K columns are used   B: (≥ M_i, R)   M_i: 0 for a weight that isn't there
// into: into_i (M_i, K), which begins at at_i, a multiple of 64
// lambda: the pool of trained values, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see lib/tile_*.wgsl; the tile's rows are the weights' m, concatenated, each weight padded to whole tiles; its columns are k,
// and its K runs over the rank. Each weight is a part (one of the kernel's matrix products)
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_range, of_part, four_parts, part_of_tile, whole_range}.wgsl
// and lib/{result_*, addend_*, left_rows, left_*, right_scaled_columns, right_*}.wgsl
struct Params {
  M0: u32,
  M1: u32,
  M2: u32,
  M3: u32,
  K: u32,
  R: u32,
  stride: u32,
  lambda_b0: u32,
  lambda_b1: u32,
  lambda_b2: u32,
  lambda_b3: u32,
  lambda_d0: u32,
  lambda_d1: u32,
  lambda_d2: u32,
  lambda_d3: u32,
  at0: u32,
  at1: u32,
  at2: u32,
  at3: u32,
  half: u32,
  has_weight: u32,
  onto: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weight0: array<AddendWord>;
@group(0) @binding(2) var<storage, read> weight1: array<AddendWord>;
@group(0) @binding(3) var<storage, read> weight2: array<AddendWord>;
@group(0) @binding(4) var<storage, read> weight3: array<AddendWord>;
@group(0) @binding(5) var<storage, read> A: array<RightWord>;
@group(0) @binding(6) var<storage, read> B: array<LeftWord>;
@group(0) @binding(7) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> into: array<Result>;

// The index i of the weight whose block is written.
var<private> result_part: u32;

fn rows() -> u32 {
  return first_row(3u) + p.M3;
}

fn columns() -> u32 {
  return p.K;
}

fn inner(part: u32) -> u32 {
  return p.R;
}

fn has_other_operands(part: u32) -> bool {
  return false;
}

fn left_base(part: u32) -> u32 {
  return 0u - first_row(tile_part) * p.R;
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
  let at = of_four(tile_part, vec4u(p.lambda_d0, p.lambda_d1, p.lambda_d2, p.lambda_d3));
  return lambda[(at + j) >> 2u];
}

fn finish(row: u32, k: u32, block: mat4x4f) {
  let part = part_of(row);
  let m = row - first_row(part);
  let count = min(4u, size_of(part) - min(m, size_of(part)));
  let scale_b = lambda[(of_four(part, vec4u(p.lambda_b0, p.lambda_b1, p.lambda_b2, p.lambda_b3)) + m) >> 2u];
  result_part = part;
  for (var i = 0u; i < count; i++) {
    put_line(m + i, k, one_of(block[0], block[1], block[2], block[3], i) * scale_b[i]);
  }
}

fn result_start(m: u32) -> u32 {
  return m * p.K;
}

fn addend_word(index: u32) -> AddendWord {
  switch (result_part) {
    case 0u: {
      return weight0[index];
    }
    case 1u: {
      return weight1[index];
    }
    case 2u: {
      return weight2[index];
    }
    default: {
      return weight3[index];
    }
  }
}

fn put(at: u32, value: Result) {
  let place = result_place(of_four(result_part, vec4u(p.at0, p.at1, p.at2, p.at3))) + at;
  if (p.has_weight != 0u) {
    into[place] = addend(at, p.half != 0u) + value;
  } else if (p.onto != 0u) {
    into[place] += value;
  } else {
    into[place] = value;
  }
}

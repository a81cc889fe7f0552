// linear_backward: dx[n,k] = Σ_i Σ_m dy_i[n,m] · weight_i[m,k] + sum[n,k], for up to three linear layers i with one input
// dy_i: (N, M_i)   weight_i: (M_i, stride), of which the first K columns are used   M_i: 0 for a layer that isn't there
// sum: left out when has_sum is 0   sum, dx: (N, K)
// grid: see lib/tile_*.wgsl, with a part (matrix product) per layer
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_range, of_part, parts_apart, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_columns, right_of_three, right_*}.wgsl
struct Params { N: u32, K: u32, M0: u32, M1: u32, M2: u32, stride: u32, has_sum: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy0: array<LeftWord>;
@group(0) @binding(2) var<storage, read> dy1: array<LeftWord>;
@group(0) @binding(3) var<storage, read> dy2: array<LeftWord>;
@group(0) @binding(4) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(5) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(6) var<storage, read> weight2: array<RightWord>;
@group(0) @binding(7) var<storage, read> sum: array<Result>;
@group(0) @binding(8) var<storage, read_write> dx: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.K;
}

fn has_part(part: u32, group: vec3u) -> bool {
  return inner(part) > 0u;
}

fn inner(part: u32) -> u32 {
  return of_part(part, vec3u(p.M0, p.M1, p.M2));
}

fn left_stride(part: u32) -> u32 {
  return inner(part);
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  switch (part) {
    case 0u: {
      return dy0[index];
    }
    case 1u: {
      return dy1[index];
    }
    default: {
      return dy2[index];
    }
  }
}

fn finish(n: u32, k: u32, block: mat4x4f) {
  put_block(n, k, block);
}

fn put(at: u32, value: Result) {
  var total = value;
  if (p.has_sum != 0u) {
    total += sum[at];
  }
  dx[at] = total;
}

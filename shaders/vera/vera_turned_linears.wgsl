// vera_turned_linears: y_i as in vera_linears, queries and keys in heads of D, then rotated by the tokens' angles (RoPE)
// x: (N, K)   u: (N, R)   weight_i: (M_i, K)   B: (≥ M_i, R)   turns: (N, D), row n = [cos (D/2) | sin (D/2)]   D: a multiple of 8
// y: y_0 (N, M_0), and y_1 (N, M_1) from at_y1 on. All rows are whole words.
// lambda: the pool of trained values, with λ_b,i at lambda_b_i and λ_d,i at lambda_d_i, multiples of 4
// grid: see lib/tile_*.wgsl; the tile's columns are the layers' m, concatenated, the first layer's padded to whole tiles. Each layer
// is a part (one of the kernel's matrix products)
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, of_part, parts_apart, column_parts, whole_range}.wgsl
// and lib/{vera_two_layers, result_turned, left_rows, left_of_x, left_*, right_begin_part_halves, right_rows, right_of_two, right_*, low_of_u, low_*}.wgsl
struct Params {
  N: u32,
  K: u32,
  R: u32,
  M0: u32,
  M1: u32,
  D: u32,
  lambda_b0: u32,
  lambda_b1: u32,
  lambda_d0: u32,
  lambda_d1: u32,
  at_y1: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> u: array<LowWord>;
@group(0) @binding(3) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(4) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(5) var<storage, read> B: array<LowWord>;
@group(0) @binding(6) var<storage, read> lambda: array<vec4f>;
@group(0) @binding(7) var<storage, read> turns: array<vec2f>;
@group(0) @binding(8) var<storage, read_write> y: array<vec2f>;

fn low_scale(column: u32) -> vec4f {
  let part = part_of(column);
  let m = select(p.lambda_b0, p.lambda_b1, part == 1u) + line_of(part, (column - first_column(part)) / 2u);
  let lower = lambda[m >> 2u];
  let upper = lambda[(m + p.D / 2u) >> 2u];
  return select(vec4f(lower.xy, upper.xy), vec4f(lower.zw, upper.zw), (m & 2u) != 0u);
}

fn start_of(part: u32) -> u32 {
  return part * p.at_y1;
}

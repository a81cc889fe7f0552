// turned_linears: y_i as in linears; y_0 and y_1, queries and keys in heads of D, are then rotated by the tokens' angles (RoPE)
// x: (N, K)   weight_i: (M_i, stride), of which the first K columns are used   turns: (N, D), row n = [cos (D/2) | sin (D/2)]
// y: y_0 (N, M_0), y_1 from at_y1 and y_2 from at_y2 on. All rows are whole words. M_i: multiples of D, a multiple of 8; M_2 may be 0
// grid: see lib/tile_*.wgsl; the tile's columns are the layers' m, concatenated, each layer padded to whole tiles. Each layer is a part
// (one of the kernel's matrix products)
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, of_part, parts_apart, column_parts, three_layers}.wgsl
// and lib/{one_range, whole_range, result_turned, left_rows, left_of_x, left_*, right_begin_part_halves, right_rows, right_of_three, right_*}.wgsl
struct Params {
  N: u32,
  K: u32,
  M0: u32,
  M1: u32,
  M2: u32,
  D: u32,
  stride: u32,
  at_y1: u32,
  at_y2: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(3) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(4) var<storage, read> weight2: array<RightWord>;
@group(0) @binding(5) var<storage, read> turns: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> y: array<vec2f>;

fn start_of(part: u32) -> u32 {
  return of_part(part, vec3u(0u, p.at_y1, p.at_y2));
}

// swiglu_linears: two linear layers with one input x, and silu of the first result times the second:
//   gate[n,m] = Σ_k x[n,k] · weight0[m,k],  up[n,m] = Σ_k x[n,k] · weight1[m,k],  y = gate · σ(gate) · up
// x: (N, K)   weight_i: (M, stride), of which the first K columns are used   gates: gate, and up from at_up on
// gate, up, y: (N, M); all rows are whole words
// grid: see lib/tile_*.wgsl; the tile's columns are pairs of m: two of gate, then the same two of up
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, sigmoid, result_gated}.wgsl
// and lib/{one_range, whole_range, left_from_start, left_rows, left_of_x, left_*, right_pairs, right_of_two, right_*}.wgsl
struct Params { N: u32, K: u32, M: u32, stride: u32, at_up: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(3) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(4) var<storage, read_write> gates: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec2f>;

fn columns() -> u32 {
  return 2u * p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.stride;
}

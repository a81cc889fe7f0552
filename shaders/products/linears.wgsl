// linears: y_i[n,m] = Σ_k x[n,k] · weight_i[m,k], for up to three linear layers i with one input x
// x: (N, K)   weight_i: (M_i, stride), of which the first K columns are used   y_i: (N, M_i), whose rows are whole words
// M_i: 0 for a layer that isn't there
// grid: see lib/tile_*.wgsl; the tile's columns are the layers' m, concatenated, each layer padded to whole tiles. Each layer is a part
// (one of the kernel's matrix products)
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, of_part, parts_apart, column_parts, three_layers}.wgsl
// and lib/{one_range, whole_range, result_*, left_rows, left_of_x, left_*, right_begin_part_rows, right_rows, right_of_three, right_*}.wgsl
struct Params { N: u32, K: u32, M0: u32, M1: u32, M2: u32, stride: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight0: array<RightWord>;
@group(0) @binding(3) var<storage, read> weight1: array<RightWord>;
@group(0) @binding(4) var<storage, read> weight2: array<RightWord>;
@group(0) @binding(5) var<storage, read_write> y0: array<Result>;
@group(0) @binding(6) var<storage, read_write> y1: array<Result>;
@group(0) @binding(7) var<storage, read_write> y2: array<Result>;

fn put(at: u32, value: Result) {
  switch (result_part) {
    case 0u: {
      y0[at] = value;
    }
    case 1u: {
      y1[at] = value;
    }
    default: {
      y2[at] = value;
    }
  }
}

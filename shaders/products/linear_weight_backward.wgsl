// linear_weight_backward: dw[m,k] += Σ_n dy[n,m] · x[n,k]
// dy: (N, M)   x: (N, K)   dw: (M, K)
// grid: see lib/tile_*.wgsl; the tile's rows are m, its columns k, and its K runs over tokens
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_*, left_columns, left_*, right_columns, right_*}.wgsl
struct Params { N: u32, M: u32, K: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> x: array<RightWord>;
@group(0) @binding(3) var<storage, read_write> dw: array<Result>;

fn rows() -> u32 {
  return p.M;
}

fn columns() -> u32 {
  return p.K;
}

fn inner(part: u32) -> u32 {
  return p.N;
}

fn left_row(part: u32, row: u32) -> u32 {
  return row;
}

fn left_stride(part: u32) -> u32 {
  return p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return x[index];
}

fn finish(m: u32, k: u32, block: mat4x4f) {
  put_block(m, k, block);
}

fn put(at: u32, value: Result) {
  dw[at] += value;
}

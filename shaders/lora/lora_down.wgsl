// lora_down: u[n,j] = scale · Σ_k x[n,k] · A[j,k]
// x: (N, K)   A: (R, K)   u: (N, R)
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_*, left_rows, left_of_x, left_*, right_rows, right_*}.wgsl
struct Params { N: u32, R: u32, K: u32, scale: f32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<LeftWord>;
@group(0) @binding(2) var<storage, read> A: array<RightWord>;
@group(0) @binding(3) var<storage, read_write> u: array<Result>;

fn columns() -> u32 {
  return p.R;
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return A[index];
}

fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, p.scale * block);
}

fn put(at: u32, value: Result) {
  u[at] = value;
}

// lora_product: into[n,k] = scale · Σ_m left[n,m] · right[m,k], added to the content of into if onto is not 0
// With left = dy and right = B it is the gradient of A·x; with left = B and right = A the change of a weight.
// left: (N, M)   right: (M, K)   into: (N, K)
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, one_range, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_columns, right_*}.wgsl
struct Params { N: u32, K: u32, M: u32, scale: f32, onto: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> left: array<LeftWord>;
@group(0) @binding(2) var<storage, read> right: array<RightWord>;
@group(0) @binding(3) var<storage, read_write> into: array<Result>;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.K;
}

fn inner(part: u32) -> u32 {
  return p.M;
}

fn left_stride(part: u32) -> u32 {
  return p.M;
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return left[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return right[index];
}

fn finish(n: u32, k: u32, block: mat4x4f) {
  put_block(n, k, p.scale * block);
}

fn put(at: u32, value: Result) {
  if (p.onto != 0u) {
    into[at] += value;
  } else {
    into[at] = value;
  }
}

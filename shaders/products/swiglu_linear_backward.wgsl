// swiglu_linear_backward: the gradients of gate and up from dy, the gradient of the result of a layer whose input is silu(gate) · up.
// The gradient dx of that input isn't stored: dx[n,k] = Σ_j du[n,j] · A[j,k] + Σ_m dy[n,m] · weight[m,k]. With s = σ(gate):
//   d_gate = dx · up · s · (1 + gate · (1 − s)),  d_up = dx · gate · s
// dy: (N, M)   weight: (M, K)   du: (N, R), left out when R is 0   A: (R, stride), of which the first K columns are used
// gate, up, d_gate, d_up: (N, K); all rows are whole words
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, neighbours, square, block, low_rank, low_columns, one_part, whole_range, sigmoid}.wgsl
// and lib/{result_*, left_from_start, left_rows, left_*, right_columns, right_*, low_*}.wgsl
struct Params { N: u32, K: u32, M: u32, R: u32, stride: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<LeftWord>;
@group(0) @binding(2) var<storage, read> weight: array<RightWord>;
@group(0) @binding(3) var<storage, read> du: array<LowWord>;
@group(0) @binding(4) var<storage, read> A: array<LowWord>;
@group(0) @binding(5) var<storage, read> gate: array<Result>;
@group(0) @binding(6) var<storage, read> up: array<Result>;
@group(0) @binding(7) var<storage, read_write> d_gate: array<Result>;
@group(0) @binding(8) var<storage, read_write> d_up: array<Result>;

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
  return dy[index];
}

fn right_word(part: u32, index: u32) -> RightWord {
  return weight[index];
}

fn low_left_word(index: u32) -> LowWord {
  return du[index];
}

fn low_right_stride() -> u32 {
  return p.stride;
}

fn low_right_word(index: u32) -> LowWord {
  return A[index];
}

fn finish(n: u32, k: u32, block: mat4x4f) {
  put_block(n, k, block);
}

fn put(at: u32, dx: Result) {
  let z = gate[at];
  let s = sigmoid(z);
  d_gate[at] = dx * up[at] * s * (1.0 + z * (1.0 - s));
  d_up[at] = dx * z * s;
}

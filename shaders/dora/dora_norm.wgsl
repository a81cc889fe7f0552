// dora_norm: norm[first + m] = √(Σ_k (matrix[m,k] + scale · Σ_r B[first + m, r] · A[r,k])²)
// matrix: (M, K), in any storage format: rows of a larger matrix, from row `first` on   A: (R, ≥ K), with rows of `stride` values
// B: (≥ first + M, R)   norm: (≥ first + M)
// grid: see lib/row_norm_*.wgsl
// with lib/{stored_*, right_*}.wgsl, and lib/row_norm_workgroup.wgsl with lib/workgroup_sum.wgsl, or lib/row_norm_serial.wgsl with
// lib/flat_index.wgsl
struct Params { M: u32, K: u32, R: u32, stride: u32, first: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> matrix: array<RightWord>;
@group(0) @binding(2) var<storage, read> A: array<f32>;
@group(0) @binding(3) var<storage, read> B: array<f32>;
@group(0) @binding(4) var<storage, read_write> norm: array<f32>;

fn square(m: u32, k: u32) -> f32 {
  let row = (p.first + m) * p.R;
  var change = 0.0;
  for (var r = 0u; r < p.R; r++) {
    let at = r * p.stride + k;
    change += B[row + r] * A[at];
  }
  let value = stored(m, k) + p.scale * change;
  return value * value;
}

// The squares of four neighbouring columns. B's values are read once for all four.
fn four_squares(m: u32, k: u32) -> vec4f {
  let row = (p.first + m) * p.R;
  var change = vec4f();
  for (var r = 0u; r < p.R; r++) {
    let at = r * p.stride + k;
    change += B[row + r] * vec4f(A[at], A[at + 1u], A[at + 2u], A[at + 3u]);
  }
  let value = vec4f(stored(m, k), stored(m, k + 1u), stored(m, k + 2u), stored(m, k + 3u)) + p.scale * change;
  return value * value;
}

fn finish(m: u32, squares: f32) {
  norm[p.first + m] = sqrt(squares);
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return matrix[index];
}

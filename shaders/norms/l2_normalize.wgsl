// l2_normalize: y[n,c] = x[n,c] / max(norm[n], eps),  norm[n] = √(Σ_c x[n,c]²)
// x, y: (N, C)   norm: (N), read again by l2_normalize_backward
// grid: one workgroup per row n; its threads stride over c
// with lib/workgroup_sum.wgsl
struct Params { N: u32, C: u32, eps: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = n * p.C;
  var squares = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    squares += x[row + c] * x[row + c];
  }
  let length = sqrt(workgroup_sum(squares, thread));
  for (var c = thread; c < p.C; c += THREADS) {
    y[row + c] = x[row + c] / max(length, p.eps);
  }
  if (thread == 0u) {
    norm[n] = length;
  }
}

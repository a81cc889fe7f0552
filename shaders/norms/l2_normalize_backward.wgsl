// l2_normalize_backward: dx[c] = (dy[c] − y[c] · Σ_c(y · dy)) / norm; in rows with norm < eps, dx[c] = dy[c] / eps
// y, dy, dx: (N, C)   norm: (N)
// grid: one workgroup per row n; its threads stride over c
// with lib/workgroup_sum.wgsl
struct Params { N: u32, C: u32, eps: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = n * p.C;
  var products = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    products += y[row + c] * dy[row + c];
  }
  let along = select(workgroup_sum(products, thread), 0.0, norm[n] < p.eps);
  for (var c = thread; c < p.C; c += THREADS) {
    dx[row + c] = (dy[row + c] - y[row + c] * along) / max(norm[n], p.eps);
  }
}

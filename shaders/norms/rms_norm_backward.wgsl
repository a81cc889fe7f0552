// rms_norm_backward: with h[c] = dy[c] · (weight[c] + weight_offset) and x̂[c] = x[c] · rstd:
//   dx[c] = sum[c] + rstd · (h[c] − x̂[c] · mean_c(h · x̂))
// x, dy, dx: (N, C)   weight: (C)   rstd: (N)   sum: (N, C), the gradient from other uses of x; left out when has_sum is 0
// grid: one workgroup per row n; its threads stride over c
// with lib/workgroup_sum.wgsl
struct Params { N: u32, C: u32, weight_offset: f32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read> sum: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = n * p.C;
  let r = rstd[n];
  var products = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    products += dy[row + c] * (weight[c] + p.weight_offset) * x[row + c] * r;
  }
  let mean = workgroup_sum(products, thread) / f32(p.C);
  for (var c = thread; c < p.C; c += THREADS) {
    let own = r * (dy[row + c] * (weight[c] + p.weight_offset) - x[row + c] * r * mean);
    dx[row + c] = select(own, own + sum[row + c], p.has_sum != 0u);
  }
}

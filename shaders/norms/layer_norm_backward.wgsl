// layer_norm_backward: with h[c] = dy[c] · weight[c] and x̂[c] = (x[c] − mean) · rstd:
//   dx[c] = sum[c] + rstd · (h[c] − mean_c(h) − x̂[c] · mean_c(h · x̂))
// x, dy, dx: (N, C)   weight: (C)   mean, rstd: (N)
// sum: (N, C), the gradient from other uses of x; left out when has_sum is 0
// grid: one workgroup per row n; its threads stride over c
// with lib/workgroup_sum.wgsl
struct Params { N: u32, C: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read> sum: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = n * p.C;
  let center = mean[n];
  let r = rstd[n];
  var total = 0.0;
  var products = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    let h = dy[row + c] * weight[c];
    total += h;
    products += h * (x[row + c] - center) * r;
  }
  let mean_h = workgroup_sum(total, thread) / f32(p.C);
  let mean_product = workgroup_sum(products, thread) / f32(p.C);
  for (var c = thread; c < p.C; c += THREADS) {
    let own = r * (dy[row + c] * weight[c] - mean_h - (x[row + c] - center) * r * mean_product);
    dx[row + c] = select(own, own + sum[row + c], p.has_sum != 0u);
  }
}

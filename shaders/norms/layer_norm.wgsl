// layer_norm: y[n,c] = x̂[n,c] · weight[c] + bias[c],  x̂[n,c] = (x[n,c] − mean[n]) · rstd[n],
//   rstd[n] = 1 / √(mean_c((x[n,c] − mean[n])²) + eps)
// x, y: (N, C)   weight: (C)   mean, rstd: (N), read again by the backward kernels
// bias: (C); left out when has_bias is 0
// grid: one workgroup per row n; its threads stride over c
// with lib/workgroup_sum.wgsl
struct Params { N: u32, C: u32, eps: f32, has_bias: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = n * p.C;
  var total = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    total += x[row + c];
  }
  let center = workgroup_sum(total, thread) / f32(p.C);
  // Sums squares of deviations from the mean, because a variance computed from sums of x² loses digits where the mean is large.
  var squares = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    let deviation = x[row + c] - center;
    squares += deviation * deviation;
  }
  let r = inverseSqrt(workgroup_sum(squares, thread) / f32(p.C) + p.eps);
  for (var c = thread; c < p.C; c += THREADS) {
    y[row + c] = (x[row + c] - center) * r * weight[c] + select(0.0, bias[c], p.has_bias != 0u);
  }
  if (thread == 0u) {
    mean[n] = center;
    rstd[n] = r;
  }
}

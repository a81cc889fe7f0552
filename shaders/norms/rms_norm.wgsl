// rms_norm: y[n,c] = x[n,c] · rstd[n] · (weight[c] + weight_offset),  rstd[n] = 1 / √(mean_c(x[n,c]²) + eps)
// x, y: (N, C)   weight: (C)   rstd: (N), read again by rms_norm_backward
// grid: one workgroup per row n; its threads stride over c
// with lib/workgroup_sum.wgsl
struct Params { N: u32, C: u32, eps: f32, weight_offset: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = n * p.C;
  var squares = 0.0;
  for (var c = thread; c < p.C; c += THREADS) {
    squares += x[row + c] * x[row + c];
  }
  let r = inverseSqrt(workgroup_sum(squares, thread) / f32(p.C) + p.eps);
  for (var c = thread; c < p.C; c += THREADS) {
    y[row + c] = x[row + c] * r * (weight[c] + p.weight_offset);
  }
  if (thread == 0u) {
    rstd[n] = r;
  }
}

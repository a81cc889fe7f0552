// layer_norm_serial: layer_norm for devices on which barriers are slow:
// the same sums as layer_norm.wgsl, row by row
// x, y: (N, C)   weight: (C)   mean, rstd: (N), read again by the backward kernels
// bias: (C); left out when has_bias is 0
// grid: one thread per row n
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, eps: f32, has_bias: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read> bias: array<Word>;
@group(0) @binding(4) var<storage, read_write> y: array<Word>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = flat_index(id, groups);
  if (n >= p.N) {
    return;
  }
  let width = p.C / WIDTH;
  let row = n * width;
  var total = 0.0;
  for (var c = 0u; c < width; c++) {
    total += word_sum(x[row + c]);
  }
  let center = total / f32(p.C);
  var squares = 0.0;
  for (var c = 0u; c < width; c++) {
    let deviation = x[row + c] - center;
    squares += word_dot(deviation, deviation);
  }
  let r = inverseSqrt(squares / f32(p.C) + p.eps);
  for (var c = 0u; c < width; c++) {
    y[row + c] = (x[row + c] - center) * r * weight[c] + select(Word(), bias[c], p.has_bias != 0u);
  }
  mean[n] = center;
  rstd[n] = r;
}

// layer_norm_backward_serial: layer_norm_backward for devices on which barriers are slow:
// the same sums as layer_norm_backward.wgsl, row by row
// x, dy, dx: (N, C)   weight: (C)   mean, rstd: (N)
// sum: (N, C), the gradient from other uses of x; left out when has_sum is 0
// grid: one thread per row n
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<Word>;
@group(0) @binding(6) var<storage, read> sum: array<Word>;
@group(0) @binding(7) var<storage, read_write> dx: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = flat_index(id, groups);
  if (n >= p.N) {
    return;
  }
  let width = p.C / WIDTH;
  let row = n * width;
  let center = mean[n];
  let r = rstd[n];
  var total = 0.0;
  var products = 0.0;
  for (var c = 0u; c < width; c++) {
    let h = dy[row + c] * weight[c];
    total += word_sum(h);
    products += word_dot(h, (x[row + c] - center) * r);
  }
  let mean_h = total / f32(p.C);
  let mean_product = products / f32(p.C);
  for (var c = 0u; c < width; c++) {
    let own = r * (dy[row + c] * weight[c] - mean_h - (x[row + c] - center) * r * mean_product);
    dx[row + c] = select(own, own + sum[row + c], p.has_sum != 0u);
  }
}

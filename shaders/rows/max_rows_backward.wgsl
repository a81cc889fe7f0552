// max_rows_backward: dx[b·T + t, c] = sum[b·T + t, c] + dy[b, k·C + c] where at[b, c] = t, else sum[b·T + t, c], for one k
// dy: (B, K·C)   at: (B, C)   dx: (B·T, C)
// sum: (B·T, C), the gradient from other uses of x; 0 when has_sum is 0
// grid: one thread per element of dx, folded into x and y
// with lib/flat_index.wgsl
struct Params { B: u32, T: u32, C: u32, K: u32, k: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> at: array<f32>;
@group(0) @binding(3) var<storage, read> sum: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.B * p.T * p.C) {
    return;
  }
  let n = element / p.C;
  let c = element % p.C;
  let b = n / p.T;
  var total = 0.0;
  if (p.has_sum != 0u) {
    total = sum[element];
  }
  if (at[b * p.C + c] == f32(n % p.T)) {
    total += dy[(b * p.K + p.k) * p.C + c];
  }
  dx[element] = total;
}

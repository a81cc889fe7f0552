// repeat_heads: repeats each head of keys or values for each of the `times` heads of queries that share it: y[r,t,c] = x[r,c]
// x: (rows, D), a row for each token's head   y: (rows, times, D)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { rows: u32, D: u32, times: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.rows * p.times * p.D) {
    return;
  }
  y[at] = x[at / (p.times * p.D) * p.D + at % p.D];
}

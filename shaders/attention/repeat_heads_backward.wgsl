// repeat_heads_backward: dx[r,c] = Σ_t dy[r,t,c]
// dy: (rows, times, D)   dx: (rows, D)
// grid: one thread per element of dx, folded into x and y
// with lib/flat_index.wgsl
struct Params { rows: u32, D: u32, times: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.rows * p.D) {
    return;
  }
  var total = 0.0;
  for (var t = 0u; t < p.times; t++) {
    total += dy[(at / p.D * p.times + t) * p.D + at % p.D];
  }
  dx[at] = total;
}

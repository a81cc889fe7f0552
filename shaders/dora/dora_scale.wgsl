// dora_scale: y[n,c] = (m[c] / norm[c] − less) · x[n,c], with has_bias plus bias[c], with has_sum plus sum[n,c]
// x, sum, y: (N, C)   norm, bias: (C)   pool: the trained magnitudes, with m at vector_at, a multiple of 4
// grid: one thread per word of y, folded into x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, vector_at: u32, less: f32, has_bias: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> pool: array<Word>;
@group(0) @binding(3) var<storage, read> norm: array<Word>;
@group(0) @binding(4) var<storage, read> bias: array<Word>;
@group(0) @binding(5) var<storage, read> sum: array<Word>;
@group(0) @binding(6) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.C / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  let c = at % line;
  var value = (pool[p.vector_at / WIDTH + c] / norm[c] - p.less) * x[at];
  if (p.has_bias != 0u) {
    value += bias[c];
  }
  if (p.has_sum != 0u) {
    value += sum[at];
  }
  y[at] = value;
}

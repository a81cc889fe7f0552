// dora_scale: y[n,c] = (m[c] / norm[c] − less) · x[n,c], plus bias[c] if has_bias, plus sum[n,c] if has_sum
// x, sum, y: (N, C)   bias: (C)   norm: (C) from norm_at on   pool: the trained magnitudes, with m at vector_at; both multiples of 4
// grid: one thread per word of a row, for ROWS rows, folded into x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, vector_at: u32, norm_at: u32, less: f32, has_bias: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> pool: array<Word>;
@group(0) @binding(3) var<storage, read> norm: array<Word>;
@group(0) @binding(4) var<storage, read> bias: array<Word>;
@group(0) @binding(5) var<storage, read> sum: array<Word>;
@group(0) @binding(6) var<storage, read_write> y: array<Word>;

// The number of rows per thread. On software GPUs, dividing an index by the length of a row costs more than computing a row.
const ROWS = 8u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = flat_index(id, groups);
  let line = p.C / WIDTH;
  let c = index % line;
  let first = index / line * ROWS;
  if (first >= p.N) {
    return;
  }
  let factor = pool[p.vector_at / WIDTH + c] / norm[p.norm_at / WIDTH + c] - p.less;
  let end = min(first + ROWS, p.N);
  for (var n = first; n < end; n++) {
    let at = n * line + c;
    var value = factor * x[at];
    if (p.has_bias != 0u) {
      value += bias[c];
    }
    if (p.has_sum != 0u) {
      value += sum[at];
    }
    y[at] = value;
  }
}

// mixed_scale: y[n,c] = l[c] · x[n,c], with l of token n's adapter; plus sum[n,c] if has_sum
// x, sum, y: (N, C)   table: (adapters, stride), a row of trained values per adapter, each with l at vector_at
// which: (N / T), the adapter of each batch row of T tokens
// grid: one thread per word of y, folded into x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, T: u32, vector_at: u32, stride: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> table: array<Word>;
@group(0) @binding(3) var<storage, read> which: array<u32>;
@group(0) @binding(4) var<storage, read> sum: array<Word>;
@group(0) @binding(5) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.C / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  let n = at / line;
  let vector = (which[n / p.T] * p.stride + p.vector_at) / WIDTH;
  var value = table[vector + at - n * line] * x[at];
  if (p.has_sum != 0u) {
    value += sum[at];
  }
  y[at] = value;
}

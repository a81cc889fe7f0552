// mixed_scales: y_i[n,c] = l_i[c] · x[n,c], for two or three vectors l_i of token n's adapter
// x, y_i: (N, C); y2 is one word and isn't written when results is 2
// table: (adapters, stride), a row of trained values per adapter, each with l_i at vector_at_i
// which: (N / T), the adapter of each batch row of T tokens
// grid: one thread per word of x, folded into x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params {
  N: u32,
  C: u32,
  T: u32,
  vector_at0: u32,
  vector_at1: u32,
  vector_at2: u32,
  stride: u32,
  results: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> table: array<Word>;
@group(0) @binding(3) var<storage, read> which: array<u32>;
@group(0) @binding(4) var<storage, read_write> y0: array<Word>;
@group(0) @binding(5) var<storage, read_write> y1: array<Word>;
@group(0) @binding(6) var<storage, read_write> y2: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.C / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  let n = at / line;
  let c = at - n * line;
  let pool = which[n / p.T] * p.stride;
  let value = x[at];
  y0[at] = table[(pool + p.vector_at0) / WIDTH + c] * value;
  y1[at] = table[(pool + p.vector_at1) / WIDTH + c] * value;
  if (p.results > 2u) {
    y2[at] = table[(pool + p.vector_at2) / WIDTH + c] * value;
  }
}

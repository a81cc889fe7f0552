// ia3_mixed: y[n,c] = l[c] · x[n,c], where l is the scaling vector of token n's adapter; x[n,c] for tokens without an adapter
// if has_sum: plus sum[n,c]
// x, sum, y: (N, C)   table: the adapters' vectors   which: (N / T), the adapter of each batch row of T tokens
// slots: (modules' inputs and outputs, adapters), the offsets in the table of each adapter's vector for each module's input or output
// grid: one thread per word of y; the index is split over the grid's x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, T: u32, module_index: u32, adapters: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> table: array<Word>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> which: array<u32>;
@group(0) @binding(5) var<storage, read> sum: array<Word>;
@group(0) @binding(6) var<storage, read_write> y: array<Word>;

const NONE = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.C / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  var value = x[at];
  let vector_at = vector_of(at / line);
  if (vector_at != NONE) {
    value *= table[vector_at / WIDTH + at % line];
  }
  if (p.has_sum != 0u) {
    value += sum[at];
  }
  y[at] = value;
}

// The offset in the table of the vector l that token n's adapter has for this module; NONE if it has none.
fn vector_of(n: u32) -> u32 {
  let adapter = which[n / p.T];
  if (adapter >= p.adapters) {
    return NONE;
  }
  return slots[p.module_index * p.adapters + adapter];
}

// scale_columns: y[n,c] = l[c] · x[n,c], plus sum[n,c] if has_sum
// x, sum, y: (N, C)   pool: numbers, with the vector l at vector_at, a multiple of 4
// grid: one thread per word of y, folded into x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, vector_at: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> pool: array<Word>;
@group(0) @binding(3) var<storage, read> sum: array<Word>;
@group(0) @binding(4) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.C / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  let scaled = pool[p.vector_at / WIDTH + at % line] * x[at];
  if (p.has_sum != 0u) {
    y[at] = sum[at] + scaled;
  } else {
    y[at] = scaled;
  }
}

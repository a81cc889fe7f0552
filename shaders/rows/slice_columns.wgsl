// slice_columns: y[n,j] = x[n, start + j]
// x: (N, C)   y: (N, count)   C, start and count are multiples of the word's width
// grid: one thread per word of y, folded into x and y
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, start: u32, count: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let count = p.count / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.N * count) {
    return;
  }
  y[at] = x[at / count * (p.C / WIDTH) + p.start / WIDTH + at % count];
}

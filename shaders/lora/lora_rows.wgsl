// lora_rows: v[n,j] = scale · u[n,j] where token n's batch row uses this adapter; 0 elsewhere
// u, v: (N, R)   which: (N / T), the adapter of each batch row of T tokens
// grid: one thread per word of v, folded into x and y
// with lib/word_*.wgsl, lib/flat_index.wgsl
struct Params { N: u32, R: u32, T: u32, adapter: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> u: array<Word>;
@group(0) @binding(2) var<storage, read> which: array<u32>;
@group(0) @binding(3) var<storage, read_write> v: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.R / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  if (which[at / line / p.T] == p.adapter) {
    v[at] = p.scale * u[at];
  } else {
    v[at] = Word();
  }
}

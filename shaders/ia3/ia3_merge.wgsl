// ia3_merge: into[m,k] *= l[k] if by_columns, otherwise l[m]
// into: (M, K)   pool: the trained vectors, with l at vector_at
// grid: one thread per element, folded into x and y
// with lib/flat_index.wgsl
struct Params { M: u32, K: u32, vector_at: u32, by_columns: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> pool: array<f32>;
@group(0) @binding(2) var<storage, read_write> into: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at < p.M * p.K) {
    let i = select(at / p.K, at % p.K, p.by_columns != 0u);
    into[at] *= pool[p.vector_at + i];
  }
}

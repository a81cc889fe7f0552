// dora_merge: into[m,k] *= magnitude[m] / norm[m]
// into: (M, K)   norm: (M)   pool: the trained magnitudes, those of this matrix from vector_at on
// grid: one thread per element, folded into x and y
// with lib/flat_index.wgsl
struct Params { M: u32, K: u32, vector_at: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> pool: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> into: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at < p.M * p.K) {
    let m = at / p.K;
    into[at] *= pool[p.vector_at + m] / norm[m];
  }
}

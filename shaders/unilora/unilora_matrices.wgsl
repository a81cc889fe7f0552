// unilora_matrices: fills the matrices A and B of all modules from the trained vector: into[i] = vector[j] · scale, where j is the
// low 31 bits of indices[i]; if the high bit is set, vector[j] · scale_more
// vector: the pool of trained values, which begins with the vector   indices, into: (size)
// grid: one thread per element, folded into x and y
// with lib/flat_index.wgsl
struct Params { size: u32, scale: f32, scale_more: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> vector: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> into: array<f32>;

const HIGH_BIT = 0x80000000u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(id, groups);
  if (i < p.size) {
    let index = indices[i];
    into[i] = vector[index & ~HIGH_BIT] * select(p.scale, p.scale_more, (index & HIGH_BIT) != 0u);
  }
}

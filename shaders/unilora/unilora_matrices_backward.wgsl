// unilora_matrices_backward: grads[j] += scale_j · Σ_i d_into[i] over the positions i that vector[j] fills in the matrices
// scale_j: as in unilora_matrices: scale_more for an index that occurs more than `each` times
// uses: C + 1 offsets, then all positions i, sorted by j: offsets j and j + 1 bound the positions that vector[j] fills
// d_into: (size)   grads: the pool's gradients, which begin with the vector's, (C)
// grid: one workgroup per j; its threads stride over the positions
// with lib/workgroup_sum.wgsl
struct Params { C: u32, each: u32, scale: f32, scale_more: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> d_into: array<f32>;
@group(0) @binding(2) var<storage, read> uses: array<u32>;
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let j = group.x;
  let first = uses[j];
  let end = uses[j + 1u];
  var sum = 0.0;
  for (var at = first + thread; at < end; at += THREADS) {
    sum += d_into[uses[p.C + 1u + at]];
  }
  let total = workgroup_sum(sum, thread);
  if (thread == 0u) {
    grads[j] += total * select(p.scale, p.scale_more, end - first > p.each);
  }
}

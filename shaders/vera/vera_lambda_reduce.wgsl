// vera_lambda_reduce: adds the partial sums of many vectors, in a fixed order, to their accumulated gradients:
//   grads[offset + i] += Σ_t partials[at + t · length + i]
// vectors: (count), each (at, length, sums, offset); they don't overlap in grads   grads: arranged like the pool
// partials: (size)   longest: the greatest length
// grid: 64 elements in x, a vector in y
struct Params { count: u32, longest: u32, size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let vector = vectors[group.y];
  let at = vector.x;
  let length = vector.y;
  let element = group.x * 64u + thread;
  if (element < length) {
    var total = 0.0;
    for (var sum = 0u; sum < vector.z; sum++) {
      total += partials[at + sum * length + element];
    }
    grads[vector.w + element] += total;
  }
}

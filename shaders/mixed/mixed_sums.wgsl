// mixed_sums: adds the partial sums of many vectors to each adapter's accumulated gradients, those of its own batch rows alone:
//   grads[a, offset + i] += scales[a] · Σ_b Σ_s partials[at + (b · slices + s) · length + i] over the batch rows b with which[b] = a
// vectors: (count), each (at, length, slices, offset); they don't overlap in grads   grads: (adapters, stride), a pool a line
// partials: (size)   which: (rows)   scales: (adapters)   longest: the greatest length
// grid: 64 elements in x, a vector in y, an adapter in z
struct Params { count: u32, longest: u32, rows: u32, adapters: u32, stride: u32, size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<vec4u>;
@group(0) @binding(3) var<storage, read> which: array<u32>;
@group(0) @binding(4) var<storage, read> scales: array<f32>;
@group(0) @binding(5) var<storage, read_write> grads: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let vector = vectors[group.y];
  let length = vector.y;
  let slices = vector.z;
  let element = group.x * 64u + thread;
  if (element >= length) {
    return;
  }
  var total = 0.0;
  for (var row = 0u; row < p.rows; row++) {
    if (which[row] == group.z) {
      let first = vector.x + row * slices * length + element;
      for (var slice = 0u; slice < slices; slice++) {
        total += partials[first + slice * length];
      }
    }
  }
  // A row of another adapter may hold what isn't finite: it is left out above, not multiplied by 0.
  grads[group.z * p.stride + vector.w + element] += scales[group.z] * total;
}

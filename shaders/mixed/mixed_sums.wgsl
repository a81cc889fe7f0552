// mixed_sums: adds the partial sums of many vectors to each adapter's accumulated gradients, one batch row b after the other:
//   grads[which[b], offset + i] += scales[which[b]] · Σ_s partials[at + (b · slices + s) · length + i]
// vectors: (count), each (at, length, slices, offset); they don't overlap in grads   grads: (adapters, stride), a row per adapter
// partials: (size)   which: (rows)   scales: (adapters)   longest: the greatest length
// grid: 64 elements in x, a vector in y. A thread sums its element for all adapters: with an adapter in z,
// most threads would find no batch row of their adapter
struct Params { count: u32, longest: u32, rows: u32, stride: u32, size: u32 }
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
  for (var row = 0u; row < p.rows; row++) {
    let first = vector.x + row * slices * length + element;
    var total = 0.0;
    for (var slice = 0u; slice < slices; slice++) {
      total += partials[first + slice * length];
    }
    // A row changes only its own adapter's gradients, so that a NaN doesn't spread to the others.
    let adapter = which[row];
    grads[adapter * p.stride + vector.w + element] += scales[adapter] * total;
  }
}

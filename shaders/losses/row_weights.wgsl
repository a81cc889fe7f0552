// row_weights: for the rows i of a chunk, n = start + i, w = weights[n]:
//   losses[n] *= w, and logits[i,v] *= w, which are gradients, if has_gradient
// logits: (count, V)   weights, losses: (≥ start + count)
// grid: one thread per row i, or per element of logits if has_gradient, folded into x and y
// with lib/flat_index.wgsl
struct Params { start: u32, count: u32, V: u32, has_gradient: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let columns = select(1u, p.V, p.has_gradient != 0u);
  if (at >= p.count * columns) {
    return;
  }
  let n = p.start + at / columns;
  let weight = weights[n];
  if (p.has_gradient != 0u) {
    logits[at] *= weight;
  }
  if (at % columns == 0u) {
    losses[n] *= weight;
  }
}

// unilora_matrices_backward_serial: unilora_matrices_backward for devices on which barriers are slow, and for any number of indices
// uses, d_into, grads: as in unilora_matrices_backward
// grid: one thread per j, folded into x and y
// with lib/flat_index.wgsl
struct Params { C: u32, each: u32, scale: f32, scale_more: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> d_into: array<f32>;
@group(0) @binding(2) var<storage, read> uses: array<u32>;
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let j = flat_index(id, groups);
  if (j >= p.C) {
    return;
  }
  let first = uses[j];
  let end = uses[j + 1u];
  var sum = 0.0;
  for (var at = first; at < end; at++) {
    sum += d_into[uses[p.C + 1u + at]];
  }
  grads[j] += sum * select(p.scale, p.scale_more, end - first > p.each);
}

// softcap_backward: with t = tanh(x / cap):
//   dx = dy · (1 − t²), computed as (1 − t) · (1 + t), which loses fewer digits where t is near 1
// Reads x and not y, because the loss kernel overwrites its logits, y, with their gradient.
// x, dy, dx: `size` elements, four at a time; the last four may reach into the padding of the buffers
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/safe_tanh.wgsl
struct Params { size: u32, cap: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at * 4u >= p.size) {
    return;
  }
  let t = safe_tanh(x[at] / p.cap);
  dx[at] = dy[at] * (1.0 - t) * (1.0 + t);
}

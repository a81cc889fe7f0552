// geglu_backward: with t of lib/gelu_exponent.wgsl, and t′ its derivative with respect to gate:
//   d_gate = dy · up · (σ(t) + gate · σ(t) · σ(−t) · t′),  d_up = dy · gate · σ(t)
// gate, up, dy, d_gate, d_up: `size` elements, four at a time; the last four may reach into the padding of the buffers
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/gelu_exponent.wgsl, lib/sigmoid.wgsl
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> d_gate: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> d_up: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at * 4u >= p.size) {
    return;
  }
  let z = gate[at];
  let t = gelu_exponent(z);
  let s = sigmoid(t);
  d_gate[at] = dy[at] * up[at] * gelu_new_slope(z, t, s);
  d_up[at] = dy[at] * z * s;
}

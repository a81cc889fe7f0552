// swiglu_backward: with s = σ(gate):
//   d_gate = dy · up · s · (1 + gate · (1 − s)),  d_up = dy · gate · s
// gate, up, dy, d_gate, d_up: `size` elements, four at a time; the last four may reach into the padding of the buffers
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/sigmoid.wgsl
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
  let s = sigmoid(z);
  d_gate[at] = dy[at] * up[at] * s * (1.0 + z * (1.0 - s));
  d_up[at] = dy[at] * z * s;
}

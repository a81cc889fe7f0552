// swiglu_backward: with s = σ(gate):
//   d_gate = sum_gate + dy · up · s · (1 + gate · (1 − s)),  d_up = sum_up + dy · gate · s
// gate, up, dy, d_gate, d_up: `size` elements, four at a time; the last four may reach into the padding of the buffers
// sum_gate, sum_up: what other users of gate and up gave; left out when has_sum_gate, has_sum_up is 0
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/sigmoid.wgsl
struct Params { size: u32, has_sum_gate: u32, has_sum_up: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read> sum_gate: array<vec4f>;
@group(0) @binding(5) var<storage, read> sum_up: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> d_gate: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> d_up: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at * 4u >= p.size) {
    return;
  }
  let z = gate[at];
  let s = sigmoid(z);
  let own_gate = dy[at] * up[at] * s * (1.0 + z * (1.0 - s));
  let own_up = dy[at] * z * s;
  d_gate[at] = select(own_gate, own_gate + sum_gate[at], p.has_sum_gate != 0u);
  d_up[at] = select(own_up, own_up + sum_up[at], p.has_sum_up != 0u);
}

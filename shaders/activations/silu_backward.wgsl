// silu_backward: with z = slope · x, s = σ(z):
//   dx = dy · s · (1 + z · (1 − s))
// x, dy, dx: `size` elements, four at a time; the last four may reach into the padding of the buffers
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/sigmoid.wgsl
struct Params { size: u32, slope: f32 }
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
  let z = p.slope * x[at];
  let s = sigmoid(z);
  dx[at] = dy[at] * s * (1.0 + z * (1.0 - s));
}

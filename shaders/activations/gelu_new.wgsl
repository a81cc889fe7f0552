// gelu_new: y = ½x · (1 + tanh(√(2/π) · (x + 0.044715x³))), element by element, as x · σ(t):
//   ½(1 + tanh(z)) = σ(2z), which loses no digits where tanh is near −1
// x, y: `size` elements, four at a time; the last four may reach into the padding of the buffers
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/gelu_exponent.wgsl, lib/sigmoid.wgsl
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at * 4u >= p.size) {
    return;
  }
  y[at] = x[at] * sigmoid(gelu_exponent(x[at]));
}

// relu: y = max(x, 0), element by element
// x, y: `size` elements, four at a time; the last four may reach into the padding of the buffers
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl
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
  // Compares instead of calling max, which may turn NaN into 0 and so hide that the loss isn't finite.
  y[at] = select(x[at], vec4f(), x[at] < vec4f());
}

// clear: y = 0, in place
// y: `size` elements, four at a time; the last four may reach into the padding of the buffer
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at * 4u < p.size) {
    y[at] = vec4f();
  }
}

// copy: destination[offset + i] = source[i], bit for bit
// source: `size` 32-bit words   destination: (≥ offset + size)
// grid: one thread per word, folded into x and y
// with lib/flat_index.wgsl
struct Params { size: u32, offset: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> destination: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(id, groups);
  if (i < p.size) {
    destination[p.offset + i] = source[i];
  }
}

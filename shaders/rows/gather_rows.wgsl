// gather_rows: y[i,c] = x[rows[start + i],c]
// x: (N, C)   rows: (≥ start + count), every entry below N   y: (count, C)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { start: u32, count: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.count * p.C) {
    return;
  }
  y[element] = x[rows[p.start + element / p.C] * p.C + element % p.C];
}

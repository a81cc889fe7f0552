// embedding: y[n,c] = weight[ids[n] + offset,c]; rows from V on are the last one, the host refuses such ids
// ids: (N)   weight: (V, C) as 32-bit words: one f32, or with `half` two packed f16   y: (N, C)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { N: u32, C: u32, V: u32, half: u32, offset: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.N * p.C) {
    return;
  }
  let row = min(ids[element / p.C] + p.offset, p.V - 1u);
  let at = row * p.C + element % p.C;
  if (p.half != 0u) {
    let pair = unpack2x16float(weight[at / 2u]);
    y[element] = select(pair.x, pair.y, at % 2u == 1u);
  } else {
    y[element] = bitcast<f32>(weight[at]);
  }
}

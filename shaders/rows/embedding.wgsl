// embedding: y[n,c] = scale · weight[ids[n] + offset, c] of a matrix (V, C). Indices from V on, which the host refuses, would
// read its last row.
// ids: (N)   weight: (count, C), the matrix's rows first … first + count − 1
// before: y of the earlier shards, copied for rows that aren't in this shard; left out when has_before is 0   before, y: (N, C)
// grid: one thread per element of y, folded into x and y
// with lib/{stored_*, right_*, flat_index}.wgsl
struct Params { N: u32, C: u32, V: u32, first: u32, count: u32, offset: u32, scale: f32, has_before: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<RightWord>;
@group(0) @binding(3) var<storage, read> before: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.N * p.C) {
    return;
  }
  // Rows before the first wrap around to large numbers.
  let row = min(ids[element / p.C] + p.offset, p.V - 1u) - p.first;
  if (p.has_before != 0u && row >= p.count) {
    y[element] = before[element];
    return;
  }
  y[element] = p.scale * stored(min(row, p.count - 1u), element % p.C);
}

fn right_stride(part: u32) -> u32 {
  return p.C;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return weight[index];
}

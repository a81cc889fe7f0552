// embedding_backward: dw[ids[n] + offset,c] += scale · dy[n,c] for all n whose id isn't `padding`
// indices from V on count as the last row, as in embedding
// ids: (N)   dy: (N, C)   dw: (V, C)
// grid: one thread per element of dy, folded into x and y; of all n with the same row, the first one sums all of them, in order
// with lib/flat_index.wgsl
struct Params { N: u32, C: u32, V: u32, offset: u32, padding: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

fn row_of(n: u32) -> u32 {
  return min(ids[n] + p.offset, p.V - 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.N * p.C) {
    return;
  }
  let first = element / p.C;
  let c = element % p.C;
  if (ids[first] == p.padding) {
    return;
  }
  let row = row_of(first);
  for (var n = 0u; n < first; n++) {
    if (row_of(n) == row) {
      return;
    }
  }
  var total = dy[element];
  for (var n = first + 1u; n < p.N; n++) {
    if (row_of(n) == row) {
      total += dy[n * p.C + c];
    }
  }
  dw[row * p.C + c] += p.scale * total;
}

// embedding_backward: dw[ids[n] + offset,c] += scale · dy[n,c] for all n whose id isn't `padding`
// indices from V on count as the last row, as in embedding
// ids: (N)   links: (N), from embedding_links   dy: (N, C)   dw: (V, C)
// grid: one thread per element of dy, folded into x and y; of all n with the same row, the first one sums all of them, in order
// with lib/flat_index.wgsl
struct Params { N: u32, C: u32, V: u32, offset: u32, padding: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> links: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dw: array<f32>;
// Set in the link of a token that isn't the first with its row.
const EARLIER = 0x80000000u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.N * p.C) {
    return;
  }
  let first = element / p.C;
  let c = element % p.C;
  let link = links[first];
  if (ids[first] == p.padding || link >= EARLIER) {
    return;
  }
  var total = dy[element];
  for (var n = link; n < p.N; n = links[n] & ~EARLIER) {
    total += dy[n * p.C + c];
  }
  let row = min(ids[first] + p.offset, p.V - 1u);
  dw[row * p.C + c] += p.scale * total;
}

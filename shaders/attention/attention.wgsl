// attention: grouped-query attention, in which query head h reads kv head h · Hkv / H. With
// e[j] = log2(e) · capped(scale · q[n] · k[j]) over the keys j of n's document that aren't padding, n − window < j and
// j ≤ n, or j < n + window if attention isn't causal:
//   y[n] = Σ_j 2^(e[j] − L[n]) · v[j],   L[n] = log2 Σ_j 2^e[j]
// spans: for each token, the positions at which its document begins and at which it ends (0 for padding).
// A query without keys gives y = 0 and L = 1e30, so that its 2^(e − L) is 0 in the gradient, too.
// q, y: (B·T, H·D)   k, v: (B·T, Hkv·D)   spans: (B, T)   L: (B, H, T)   D: a multiple of 4
// grid: a tile of queries in x, H in y, B in z
// with lib/{enable_subgroups, neighbours, tile, rows, softmax, block}.wgsl, lib/causal.wgsl or lib/both_ways.wgsl,
// lib/scores_plain.wgsl or lib/{scores_capped, safe_tanh}.wgsl, one of lib/{blocks, pairs}.wgsl and one of lib/{serial, subgroup, workgroup}.wgsl,
// subgroup with lib/in_memory.wgsl or lib/{held, heads_held}.wgsl
struct Params {
  B: u32,
  T: u32,
  H: u32,
  Hkv: u32,
  D: u32,
  scale: f32,
  window: u32,
  softcap: f32,
  causal: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<Word>;
@group(0) @binding(2) var<storage, read> k: array<Word>;
@group(0) @binding(3) var<storage, read> v: array<Word>;
@group(0) @binding(4) var<storage, read> spans: array<vec2u>;
@group(0) @binding(5) var<storage, read_write> y: array<Word>;
@group(0) @binding(6) var<storage, read_write> L: array<f32>;

fn put_L(batch: u32, head: u32, query: u32, values: vec4f) {
  let rows = query_rows(batch, query, head);
  L[rows.w] = values.w;
  L[rows.z] = values.z;
  L[rows.y] = values.y;
  L[rows.x] = values.x;
}

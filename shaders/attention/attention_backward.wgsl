// attention_backward: attention's gradients for its queries, or for its keys and values. P[n,j] = 2^(e[n,j] − L[n]) is the
// probability of key j for query n, from the scores e of the forward pass. The gradient of the capped scores is
//   P[n,j] · (dy[n] · v[j] − y[n] · dy[n])
// and dS is the gradient of the scores before the cap. With it,
//   dq[n] = scale · Σ_j dS[n,j] · k[j],   dk[j] = scale · Σ_n dS[n,j] · q[n],   dv[j] = Σ_n P[n,j] · dy[n]
// The passes for queries and for keys do the same computation: rows x get a gradient from columns z, with the scores x·zᵀ:
//   dx = scale · dS·z,   and for keys also   dx_values = P·z_values
// for queries: x = q, x_values = dy, z = k, z_values = v   for keys: x = k, x_values = v, z = q, z_values = dy
// q, dy, dq: (B·T, H·D)   k, v, dk, dv: (B·T, Hkv·D)   spans: (B, T)   D: a multiple of 4
// saved: y (B·T, H·D), then L (B, H, T) from at_L, then y · dy (⌈D/64⌉, B, H, T) from at_products. The pass for queries runs first, and
// writes y · dy: a copy for every 64 columns of a head, because the workgroups of different columns can't wait for each other.
// gradients: dx from at_dx, dx_values from at_dx_values. Gradients of keys and values are summed over the query heads that share them.
// The pass for queries doesn't write dx_values.
// turns: (B·T, D), row n = [cos (D/2) | sin (D/2)]. If is_turned isn't 0, RoPE has rotated x and z by them, and dx is rotated back.
// grid: a tile of rows in x, their heads in y, B in z
// with lib/causal.wgsl or lib/both_ways.wgsl,
// lib/{enable_subgroups, neighbours, heads_held, tile, rows, meeting, block, query_products}.wgsl,
// lib/scores_plain.wgsl or lib/{scores_capped, safe_tanh}.wgsl, one of lib/{backward_blocks, backward_pairs}.wgsl,
// and lib/backward_serial.wgsl, or lib/backward_tile.wgsl and one of lib/{backward_workgroup, backward_apart}.wgsl,
// or lib/backward_subgroup.wgsl and one of lib/{backward_in_memory, backward_held}.wgsl
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
  of_keys: u32,
  at_L: u32,
  at_products: u32,
  at_dx: u32,
  at_dx_values: u32,
  is_turned: u32,
  first_x: u32,
  first_y: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> x_values: array<Word>;
@group(0) @binding(3) var<storage, read> z: array<Word>;
@group(0) @binding(4) var<storage, read> z_values: array<Word>;
@group(0) @binding(5) var<storage, read> spans: array<vec2u>;
@group(0) @binding(6) var<storage, read> turns: array<Word>;
@group(0) @binding(7) var<storage, read_write> saved: array<f32>;
@group(0) @binding(8) var<storage, read_write> gradients: array<Word>;

// True in the pass for keys, false in the pass for queries.
fn of_keys() -> bool {
  return p.of_keys != 0u;
}

// The width of dx_values: 0 in the pass for queries, which have no values.
fn values_width() -> u32 {
  return select(0u, p.D, of_keys());
}

// rope_partial: rotates the pairs (x[j], x[j + R/2]) among the first R elements of every head of x = q and x = k by the angle of
// their position, and copies the other elements; for the gradient, it rotates them back:
//   turned[j] = x[j] · cos − x[j + R/2] · s,   turned[j + R/2] = x[j + R/2] · cos + x[j] · s,   s = direction · sin
// q, turned_q: (N, C_q), C = heads · D   k, turned_k: (N, C_k)   C_q or C_k is 0 to rotate only the other
// table: (P, R), row p = [cos (R/2) | sin (R/2)]   positions: (N)
// grid: one thread per element of q and of k, folded into x and y
// with lib/flat_index.wgsl
struct Params { N: u32, C_q: u32, C_k: u32, D: u32, R: u32, direction: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> table: array<f32>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> turned_q: array<f32>;
@group(0) @binding(6) var<storage, read_write> turned_k: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = p.C_q + p.C_k;
  let at = flat_index(id, groups);
  if (at >= p.N * columns) {
    return;
  }
  let n = at / columns;
  let column = at % columns;
  if (column < p.C_q) {
    let own = n * p.C_q + column;
    let c = column % p.D;
    turned_q[own] = turn(q[own], q[partner(own, c)], n, c);
  } else {
    let own = n * p.C_k + column - p.C_q;
    let c = (column - p.C_q) % p.D;
    turned_k[own] = turn(k[own], k[partner(own, c)], n, c);
  }
}

// The index of the pair's other element; for an element that isn't rotated, its own index.
fn partner(own: u32, c: u32) -> u32 {
  let half = p.R / 2u;
  if (c < half) {
    return own + half;
  }
  return select(own, own - half, c < p.R);
}

// Returns element c of a head after the rotation, at row n. `other` is the other element of its pair.
fn turn(own: f32, other: f32, n: u32, c: u32) -> f32 {
  if (c >= p.R) {
    return own;
  }
  let half = p.R / 2u;
  let angle = positions[n] * p.R + c % half;
  let s = p.direction * table[angle + half];
  return own * table[angle] + select(other * s, -other * s, c < half);
}

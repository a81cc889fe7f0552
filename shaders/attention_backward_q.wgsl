// attention_backward_q: the gradient of attention by its queries. With P[n,j] = exp(s[n,j] − L[n]) from the scaled scores s:
//   dS[n,j] = P[n,j] · (dy[n] · v[j] − y[n] · dy[n]),   dq[n] = scale · Σ_j dS[n,j] · k[j]
// q, dy, dq: (B·T, H·D)   k, v: (B·T, Hkv·D)   mask: (B, T)   stats: (B, H, T), (L, y · dy)   D: a multiple of 4
// grid: a tile of queries in x, H in y, B in z
// with lib/{enable_subgroups, neighbours, attention_tile, attention_rows, attention_blocks, attention_gradient, block}.wgsl
// and one of lib/{attention_backward_q_*}.wgsl
struct Params { B: u32, T: u32, H: u32, Hkv: u32, D: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read> stats: array<vec2f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;

fn dq_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(dq[rows.x + c], dq[rows.y + c], dq[rows.z + c], dq[rows.w + c]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_dq(rows: vec4u, c: u32, block: mat4x4f) {
  dq[rows.w + c] = block[3];
  dq[rows.z + c] = block[2];
  dq[rows.y + c] = block[1];
  dq[rows.x + c] = block[0];
}

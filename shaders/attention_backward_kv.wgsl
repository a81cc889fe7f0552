// attention_backward_kv: the gradient of attention by its keys and values, summed over the query heads that share them.
// With P and dS as in attention_backward_q:
//   dv[j] = Σ_h Σ_n P[n,j] · dy[n],   dk[j] = scale · Σ_h Σ_n dS[n,j] · q[n]
// q, dy: (B·T, H·D)   k, v, dk, dv: (B·T, Hkv·D)   mask: (B, T)   stats: (B, H, T), (L, y · dy)   D: a multiple of 4
// grid: a tile of keys in x, Hkv in y, B in z
// with lib/{enable_subgroups, neighbours, attention_tile, attention_rows, attention_blocks, attention_gradient, block}.wgsl
// and one of lib/{attention_backward_kv_*}.wgsl
struct Params { B: u32, T: u32, H: u32, Hkv: u32, D: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read> stats: array<vec2f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;

fn dk_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(dk[rows.x + c], dk[rows.y + c], dk[rows.z + c], dk[rows.w + c]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_dk(rows: vec4u, c: u32, block: mat4x4f) {
  dk[rows.w + c] = block[3];
  dk[rows.z + c] = block[2];
  dk[rows.y + c] = block[1];
  dk[rows.x + c] = block[0];
}

fn dv_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(dv[rows.x + c], dv[rows.y + c], dv[rows.z + c], dv[rows.w + c]);
}

fn put_dv(rows: vec4u, c: u32, block: mat4x4f) {
  dv[rows.w + c] = block[3];
  dv[rows.z + c] = block[2];
  dv[rows.y + c] = block[1];
  dv[rows.x + c] = block[0];
}

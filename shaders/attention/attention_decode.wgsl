// attention_decode: one new query per row of the batch, at positions[b], over its cache: all entries, or those up to its own
// while the cache isn't full: y[b,h] = Σ_j softmax_j(capped(scale · q[b,h] · k_cache[b,j])) · v_cache[b,j]
// q, y: (B, H·D)   k_cache, v_cache: (B, S, Hkv·D); query head h reads kv head h · Hkv / H   positions: (B)
// grid: see the lib file
// with one of lib/{word_vec4, word_scalar}.wgsl, one of lib/{decode_workgroup, decode_serial}.wgsl,
// and lib/scores_plain.wgsl or lib/{scores_capped, safe_tanh}.wgsl
struct Params { B: u32, S: u32, H: u32, Hkv: u32, D: u32, scale: f32, softcap: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<Word>;
@group(0) @binding(2) var<storage, read> k_cache: array<Word>;
@group(0) @binding(3) var<storage, read> v_cache: array<Word>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<Word>;

const HIDDEN = -1e30;

// Words of a head.
fn head_width() -> u32 {
  return p.D / WIDTH;
}

// The first word of a query, and of its result.
fn query_start(batch: u32, head: u32) -> u32 {
  return (batch * p.H + head) * head_width();
}

// Words from an entry of the cache to the next.
fn entry_stride() -> u32 {
  return p.Hkv * head_width();
}

// The first word of the head's part of entry 0.
fn cache_start(batch: u32, head: u32) -> u32 {
  return batch * p.S * entry_stride() + head * p.Hkv / p.H * head_width();
}

fn entries_end(batch: u32) -> u32 {
  return min(positions[batch] + 1u, p.S);
}

// log2 of a score's exp.
fn score_of(query: u32, row: u32) -> f32 {
  let width = head_width();
  var product = 0.0;
  for (var c = 0u; c < width; c++) {
    product += word_dot(q[query + c], k_cache[row + c]);
  }
  return exponents(vec4f(product)).x;
}

fn inverse_total(total: f32) -> f32 {
  return select(0.0, 1.0 / max(total, 1e-30), total > 0.0);
}

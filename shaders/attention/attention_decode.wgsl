// attention_decode: attention of one new query per batch row, at positions[b], to the entries of the row's cache: to all of them, or
// to those up to its own position while the cache isn't full: y[b,h] = Σ_j softmax_j(capped(scale · q[b,h] · k_cache[b,j])) · v_cache[b,j]
// q, y: (B, H·D)   k_cache, v_cache: (B, S, Hkv·D); query head h reads kv head h · Hkv / H   positions: (B)
// grid: see lib/decode_*.wgsl
// with one of lib/{word_vec4, word_scalar}.wgsl, lib/decode_scores.wgsl, one of lib/{decode_workgroup, decode_serial}.wgsl,
// and lib/scores_plain.wgsl or lib/{scores_capped, safe_tanh}.wgsl
struct Params { B: u32, S: u32, H: u32, Hkv: u32, D: u32, scale: f32, softcap: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<Word>;
@group(0) @binding(2) var<storage, read> k_cache: array<Word>;
@group(0) @binding(3) var<storage, read> v_cache: array<Word>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<Word>;

fn prepare(line: u32, batch: u32, head: u32, first: u32, step: u32) {}

fn query_word(line: u32, at: u32, c: u32) -> Word {
  return q[at];
}

fn entries_end(batch: u32) -> u32 {
  return min(positions[batch] + 1u, p.S);
}

// The new token needs no separate score here: its key and value are already in the cache.
fn own_score(line: u32) -> f32 {
  return HIDDEN;
}

fn own_value(batch: u32, head: u32, c: u32) -> Word {
  return Word();
}

fn is_own(batch: u32, entries: vec4u) -> vec4<bool> {
  return vec4<bool>();
}

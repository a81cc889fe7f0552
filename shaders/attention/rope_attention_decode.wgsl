// rope_attention_decode: rope, cache_write and attention_decode for one new token per batch row, at positions[b]: q and k are rotated by
// the angle of the position, k and v become entry positions[b] mod S of the cache, and q attends to all entries up to its own position:
//   y[b,h] = Σ_j softmax_j(capped(scale · q[b,h] · k_cache[b,j])) · v_cache[b,j]
// q, y: (B, H·D)   k, v: (B, Hkv·D)   D: a multiple of 8, at most 256   table: (P, D), row p = [cos (D/2) | sin (D/2)]   positions: (B)
// k_cache, v_cache: (B, S, Hkv·D); query head h reads kv head h · Hkv / H, whose entry its first query head writes
// grid: see lib/decode_*.wgsl
// with lib/word_vec4.wgsl, lib/decode_scores.wgsl, one of lib/{decode_workgroup, decode_serial}.wgsl,
// and lib/scores_plain.wgsl or lib/{scores_capped, safe_tanh}.wgsl
struct Params { B: u32, S: u32, H: u32, Hkv: u32, D: u32, scale: f32, softcap: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<Word>;
@group(0) @binding(2) var<storage, read> k: array<Word>;
@group(0) @binding(3) var<storage, read> v: array<Word>;
@group(0) @binding(4) var<storage, read> table: array<Word>;
@group(0) @binding(5) var<storage, read> positions: array<u32>;
@group(0) @binding(6) var<storage, read_write> k_cache: array<Word>;
@group(0) @binding(7) var<storage, read_write> v_cache: array<Word>;
@group(0) @binding(8) var<storage, read_write> y: array<Word>;

// The rotated query and key of each head of a workgroup.
var<workgroup> turned_q: array<array<Word, 64>, LINES>;
var<workgroup> turned_k: array<array<Word, 64>, LINES>;

// Rotates every `step`th pair of words from `first` on. Other workgroups may read the cache before or after this token's entry is
// written, so each workgroup computes the new key from k itself, and reads the new value from v.
fn prepare(line: u32, batch: u32, head: u32, first: u32, step: u32) {
  let half = head_width() / 2u;
  let angle = positions[batch] * head_width();
  let query = query_start(batch, head);
  let key = key_start(batch, head);
  let entry = cache_start(batch, head) + positions[batch] % p.S * entry_stride();
  let writes = head * p.Hkv % p.H == 0u;
  for (var j = first; j < half; j += step) {
    let c = table[angle + j];
    let s = table[angle + half + j];
    turned_q[line][j] = q[query + j] * c - q[query + half + j] * s;
    turned_q[line][half + j] = q[query + half + j] * c + q[query + j] * s;
    let lower = k[key + j] * c - k[key + half + j] * s;
    let upper = k[key + half + j] * c + k[key + j] * s;
    turned_k[line][j] = lower;
    turned_k[line][half + j] = upper;
    if (writes) {
      k_cache[entry + j] = lower;
      k_cache[entry + half + j] = upper;
      v_cache[entry + j] = v[key + j];
      v_cache[entry + half + j] = v[key + half + j];
    }
  }
}

// The first word of the head's part of the new key, and of the new value.
fn key_start(batch: u32, head: u32) -> u32 {
  return (batch * p.Hkv + head * p.Hkv / p.H) * head_width();
}

fn query_word(line: u32, at: u32, c: u32) -> Word {
  return turned_q[line][c];
}

// One past the last entry to read: all entries before the token's own, or all entries of a full cache.
fn entries_end(batch: u32) -> u32 {
  return min(positions[batch], p.S);
}

fn own_score(line: u32) -> f32 {
  let width = head_width();
  var product = 0.0;
  for (var c = 0u; c < width; c++) {
    product += word_dot(turned_q[line][c], turned_k[line][c]);
  }
  return exponents(vec4f(product)).x;
}

fn own_value(batch: u32, head: u32, c: u32) -> Word {
  return v[key_start(batch, head) + c];
}

// Finds the token's own entry in a full cache: it must not count twice, because own_score counts it already.
fn is_own(batch: u32, entries: vec4u) -> vec4<bool> {
  return entries == vec4u(positions[batch] % p.S);
}

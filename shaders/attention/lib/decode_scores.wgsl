// Offsets and scores for attention of one new query per batch row to the row's cache. The kernel defines query_word.
const HIDDEN = -1e30;

// The number of words of a head.
fn head_width() -> u32 {
  return p.D / WIDTH;
}

// The first word of a query, and of its result.
fn query_start(batch: u32, head: u32) -> u32 {
  return (batch * p.H + head) * head_width();
}

// The number of words from one entry of the cache to the next.
fn entry_stride() -> u32 {
  return p.Hkv * head_width();
}

// The first word of the head's part of entry 0.
fn cache_start(batch: u32, head: u32) -> u32 {
  return batch * p.S * entry_stride() + head * p.Hkv / p.H * head_width();
}

// log2(e^score), so that exp2 gives e^score. `line` is the head's index among those of its workgroup.
fn score_of(line: u32, query: u32, row: u32) -> f32 {
  let width = head_width();
  var product = 0.0;
  for (var c = 0u; c < width; c++) {
    product += word_dot(query_word(line, query + c, c), k_cache[row + c]);
  }
  return exponents(vec4f(product)).x;
}

fn inverse_total(total: f32) -> f32 {
  return select(0.0, 1.0 / max(total, 1e-30), total > 0.0);
}

// Causal attention: queries see keys up to their own token.

// The first query that sees each of four keys.
fn first_queries(batch: u32, key: u32) -> vec4i {
  return four_from(key);
}

// The first query that sees this key or a later one.
fn queries_begin(batch: u32, key: u32) -> u32 {
  return key;
}

// One past the last key that a query before `end` sees.
fn keys_end(batch: u32, end: u32) -> u32 {
  return min(end, p.T);
}

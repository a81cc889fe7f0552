// Attention that isn't causal: queries see keys before and after their own token.

// The first query that sees each of four keys; T for a key beyond the last token, which no query sees.
fn first_queries(batch: u32, key: u32) -> vec4i {
  let tokens = batch * p.T + tokens_from(key);
  let begins = vec4u(spans[tokens.x].x, spans[tokens.y].x, spans[tokens.z].x, spans[tokens.w].x);
  let first = max(vec4i(begins), four_from(key) - i32(p.window) + 1);
  return select(vec4i(i32(p.T)), first, four_from(key) < vec4i(i32(p.T)));
}

// The first query that sees this key or a later one.
fn queries_begin(batch: u32, key: u32) -> u32 {
  return first_key(batch, key);
}

// One past the last key that a query before `end` sees.
fn keys_end(batch: u32, end: u32) -> u32 {
  return queries_end(batch, end - 1u);
}

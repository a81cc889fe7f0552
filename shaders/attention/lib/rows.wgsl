// Functions for four adjacent tokens: the offsets of their rows, and the queries that see them as keys. A query sees only keys of its own
// document that are less than the window away.

// Tokens beyond the last one are clamped to it.
fn tokens_from(token: u32) -> vec4u {
  return min(token + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
}

// Returns where the head's rows of four tokens begin, in words. Only one multiplication depends on the thread: on GPUs, a multiplication
// takes four times as long as an addition.
fn head_rows(batch: u32, token: u32, head: u32, heads: u32) -> vec4u {
  let width = p.D / WORD;
  let stride = heads * width;
  let first = batch * p.T * stride + head * width;
  let last = first + (p.T - 1u) * stride;
  return min(first + token * stride + stride * vec4u(0u, 1u, 2u, 3u), vec4u(last));
}

// The indices of four queries in values of shape (B, H, T).
fn query_rows(batch: u32, query: u32, head: u32) -> vec4u {
  return (batch * p.H + head) * p.T + tokens_from(query);
}

fn four_from(token: u32) -> vec4i {
  return i32(token) + vec4i(0, 1, 2, 3);
}

// The first and the last query that see each of four keys. For padding, the last is before the first.
struct Seen { first: vec4i, last: vec4i }

fn seen(batch: u32, key: u32) -> Seen {
  let tokens = batch * p.T + tokens_from(key);
  let ends = vec4u(spans[tokens.x].y, spans[tokens.y].y, spans[tokens.z].y, spans[tokens.w].y);
  return Seen(first_queries(batch, key), min(vec4i(ends), four_from(key) + i32(p.window)) - 1);
}

// The first key that this query or a later one sees.
fn first_key(batch: u32, query: u32) -> u32 {
  return max(spans[batch * p.T + min(query, p.T - 1u)].x, max(query + 1u, p.window) - p.window);
}

// One past the last query that sees this key or an earlier one; an upper bound of it if this key is padding.
fn queries_end(batch: u32, key: u32) -> u32 {
  let end = spans[batch * p.T + min(key, p.T - 1u)].y;
  return min(select(end, p.T, end == 0u), key + p.window);
}

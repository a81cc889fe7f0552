// Heads' rows, four tokens at a time, and the scores that a query may use.
const HIDDEN = -1e30;

// Where the rows of one head begin, in vec4s, for four tokens in a row. Tokens beyond the last repeat it.
fn head_rows(batch: u32, token: u32, head: u32, heads: u32) -> vec4u {
  let tokens = min(token + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
  return ((batch * p.T + tokens) * heads + head) * (p.D / 4u);
}

// Which of four keys in a row are real tokens.
fn real_keys(batch: u32, key: u32) -> vec4<bool> {
  let tokens = batch * p.T + min(key + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
  return vec4u(mask[tokens.x], mask[tokens.y], mask[tokens.z], mask[tokens.w]) != vec4u(0u);
}

// Scores of four queries (rows) by four keys (columns), scaled; HIDDEN where the key is padding or
// later than the query, or the query beyond the last.
fn visible_scores(products: mat4x4f, query: u32, key: u32, real: vec4<bool>) -> mat4x4f {
  return mat4x4f(
    visible_row(products[0], query, key, real),
    visible_row(products[1], query + 1u, key, real),
    visible_row(products[2], query + 2u, key, real),
    visible_row(products[3], query + 3u, key, real),
  );
}

fn visible_row(products: vec4f, query: u32, key: u32, real: vec4<bool>) -> vec4f {
  return select(vec4f(HIDDEN), products * p.scale, visible(query, key, real));
}

fn visible(query: u32, key: u32, real: vec4<bool>) -> vec4<bool> {
  let earlier = key + vec4u(0u, 1u, 2u, 3u) <= vec4u(query);
  return real & earlier & vec4<bool>(query < p.T);
}

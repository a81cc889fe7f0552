// Heads' rows, four tokens at a time.
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

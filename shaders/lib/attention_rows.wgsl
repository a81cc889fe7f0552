// Four tokens in a row: where a head's rows of them begin, and from where on they are seen.
const NEVER = 0x7fffffff;

// In words. Tokens beyond the last repeat it.
fn head_rows(batch: u32, token: u32, head: u32, heads: u32) -> vec4u {
  let tokens = min(token + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
  return ((batch * p.T + tokens) * heads + head) * (p.D / WORD);
}

fn four_from(token: u32) -> vec4i {
  return i32(token) + vec4i(0, 1, 2, 3);
}

// The first query that sees each of four keys: NEVER any if they are padding.
fn seen_from(batch: u32, key: u32) -> vec4i {
  let tokens = batch * p.T + min(key + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
  let real = vec4u(mask[tokens.x], mask[tokens.y], mask[tokens.z], mask[tokens.w]) != vec4u();
  return select(vec4i(NEVER), four_from(key), real);
}

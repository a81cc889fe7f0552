// What both gradients of attention share: four queries' share of the incoming gradient, and P and dS of a block.
fn dy_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(dy[rows.x + c], dy[rows.y + c], dy[rows.z + c], dy[rows.w + c]);
}

struct QueryStats { L: vec4f, product: vec4f }

fn query_stats(batch: u32, head: u32, query: u32) -> QueryStats {
  let rows = (batch * p.H + head) * p.T + min(query + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
  let columns = transpose(mat4x2f(stats[rows.x], stats[rows.y], stats[rows.z], stats[rows.w]));
  return QueryStats(columns[0], columns[1]);
}

// P of four queries (rows) by four keys (columns), from q · k.
fn probabilities(products: mat4x4f, query: u32, key: u32, real: vec4<bool>, L: vec4f) -> mat4x4f {
  return mat4x4f(
    probability_row(products[0], query, key, real, L.x),
    probability_row(products[1], query + 1u, key, real, L.y),
    probability_row(products[2], query + 2u, key, real, L.z),
    probability_row(products[3], query + 3u, key, real, L.w),
  );
}

fn probability_row(products: vec4f, query: u32, key: u32, real: vec4<bool>, L: f32) -> vec4f {
  return select(vec4f(), exp(products * p.scale - L), visible(query, key, real));
}

// scale · dS, from P and dy · v.
fn score_gradients(P: mat4x4f, dP: mat4x4f, product: vec4f) -> mat4x4f {
  return mat4x4f(
    P[0] * (dP[0] - product.x) * p.scale,
    P[1] * (dP[1] - product.y) * p.scale,
    P[2] * (dP[2] - product.z) * p.scale,
    P[3] * (dP[3] - product.w) * p.scale,
  );
}

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

// P of four queries (rows) by four keys (columns), from their scores.
fn probabilities(scores: mat4x4f, L: vec4f) -> mat4x4f {
  return mat4x4f(
    exp_scores(scores[0], L.x),
    exp_scores(scores[1], L.y),
    exp_scores(scores[2], L.z),
    exp_scores(scores[3], L.w),
  );
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

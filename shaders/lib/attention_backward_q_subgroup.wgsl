// attention_backward_q on quads: each thread has four queries, and the four of a quad read four keys each for all of them.
// The sums stay in dq.
// grid: 32 queries in x
// with lib/neighbours.wgsl
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = (group.x * 8u + thread) * 4u;
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let width = p.D / 4u;
  let rows = head_rows(batch, query, head, p.H);
  let known = query_stats(batch, head, query);
  // Those beyond the last token read for their neighbours, and write nothing.
  let real = query < p.T;
  for (var key = 0u; key < min((query / 16u + 1u) * 16u, p.T); key += 16u) {
    let own_key = key + thread % 4u * 4u;
    let keys = head_rows(batch, own_key, kv_head, p.Hkv);
    let tokens = vec4u(real_keys(batch, own_key));
    // Of four queries by four keys of each lane.
    var s = Blocks();
    var dP = Blocks();
    for (var c = 0u; c < width; c++) {
      s = add_times_lanes(s, q_block(rows, c), transpose(k_block(keys, c)));
      dP = add_times_lanes(dP, dy_block(rows, c), transpose(v_block(keys, c)));
    }
    let dS = Blocks(
      score_block(s.b0, dP.b0, known, query, key, quadBroadcast(tokens, 0u)),
      score_block(s.b1, dP.b1, known, query, key + 4u, quadBroadcast(tokens, 1u)),
      score_block(s.b2, dP.b2, known, query, key + 8u, quadBroadcast(tokens, 2u)),
      score_block(s.b3, dP.b3, known, query, key + 12u, quadBroadcast(tokens, 3u)),
    );
    for (var c = 0u; c < width; c++) {
      var sums = mat4x4f();
      if (key > 0u) {
        sums = dq_block(rows, c);
      }
      sums = add_sum_over_lanes(sums, dS, k_block(keys, c));
      if (real) {
        put_dq(rows, c, sums);
      }
    }
  }
}

fn score_block(s: mat4x4f, dP: mat4x4f, known: QueryStats, query: u32, key: u32, tokens: vec4u) -> mat4x4f {
  let P = probabilities(s, query, key, tokens > vec4u(), known.L);
  return score_gradients(P, dP, known.product);
}

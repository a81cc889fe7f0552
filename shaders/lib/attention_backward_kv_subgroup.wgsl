// attention_backward_kv on quads: each thread has four keys, and the four of a quad read four queries each for all of them.
// The sums stay in dk and dv.
// grid: 32 keys in x
// with lib/neighbours.wgsl
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let key = (group.x * 8u + thread) * 4u;
  let batch = group.z;
  let kv_head = group.y;
  let width = p.D / 4u;
  let rows = head_rows(batch, key, kv_head, p.Hkv);
  let real = real_keys(batch, key);
  // Those beyond the last token read for their neighbours, and write nothing.
  let writes = key < p.T;
  let shared_by = p.H / p.Hkv;
  let first_head = kv_head * shared_by;
  // The first that sees any of the quad's keys.
  let first_query = key / 16u * 16u;
  for (var head = first_head; head < first_head + shared_by; head++) {
    for (var query = first_query; query < p.T; query += 16u) {
      let own_query = query + thread % 4u * 4u;
      let queries = head_rows(batch, own_query, head, p.H);
      let known = query_stats(batch, head, own_query);
      // Of four queries of each lane by four keys.
      var s = Blocks();
      var dP = Blocks();
      for (var c = 0u; c < width; c++) {
        s = add_lanes_times(s, q_block(queries, c), transpose(k_block(rows, c)));
        dP = add_lanes_times(dP, dy_block(queries, c), transpose(v_block(rows, c)));
      }
      let L = mat4x4f(
        quadBroadcast(known.L, 0u),
        quadBroadcast(known.L, 1u),
        quadBroadcast(known.L, 2u),
        quadBroadcast(known.L, 3u),
      );
      let product = mat4x4f(
        quadBroadcast(known.product, 0u),
        quadBroadcast(known.product, 1u),
        quadBroadcast(known.product, 2u),
        quadBroadcast(known.product, 3u),
      );
      let P0 = probabilities(s.b0, query, key, real, L[0]);
      let P1 = probabilities(s.b1, query + 4u, key, real, L[1]);
      let P2 = probabilities(s.b2, query + 8u, key, real, L[2]);
      let P3 = probabilities(s.b3, query + 12u, key, real, L[3]);
      let weights = Blocks(transpose(P0), transpose(P1), transpose(P2), transpose(P3));
      let gradients = Blocks(
        transpose(score_gradients(P0, dP.b0, product[0])),
        transpose(score_gradients(P1, dP.b1, product[1])),
        transpose(score_gradients(P2, dP.b2, product[2])),
        transpose(score_gradients(P3, dP.b3, product[3])),
      );
      for (var c = 0u; c < width; c++) {
        var dv = mat4x4f();
        var dk = mat4x4f();
        if (head > first_head || query > first_query) {
          dv = dv_block(rows, c);
          dk = dk_block(rows, c);
        }
        dv = add_sum_over_lanes(dv, weights, dy_block(queries, c));
        dk = add_sum_over_lanes(dk, gradients, q_block(queries, c));
        if (writes) {
          put_dv(rows, c, dv);
          put_dk(rows, c, dk);
        }
      }
    }
  }
}

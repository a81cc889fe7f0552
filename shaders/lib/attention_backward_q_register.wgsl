// attention_backward_q, each thread alone: it has four queries and walks over the keys up to its own, eight at a time.
// The sums stay in dq.
// grid: 32 queries in x
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = (group.x * 8u + thread) * 4u;
  if (query >= p.T) {
    return;
  }
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let width = p.D / 4u;
  let rows = head_rows(batch, query, head, p.H);
  let known = query_stats(batch, head, query);
  for (var c = 0u; c < width; c++) {
    put_dq(rows, c, mat4x4f());
  }
  for (var key = 0u; key < min(query + 4u, p.T); key += 8u) {
    let keys0 = head_rows(batch, key, kv_head, p.Hkv);
    let keys1 = head_rows(batch, key + 4u, kv_head, p.Hkv);
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var dP0 = mat4x4f();
    var dP1 = mat4x4f();
    for (var c = 0u; c < width; c++) {
      let a = q_block(rows, c);
      s0 = multiply_add(s0, a, transpose(k_block(keys0, c)));
      s1 = multiply_add(s1, a, transpose(k_block(keys1, c)));
      let d = dy_block(rows, c);
      dP0 = multiply_add(dP0, d, transpose(v_block(keys0, c)));
      dP1 = multiply_add(dP1, d, transpose(v_block(keys1, c)));
    }
    let P0 = probabilities(visible_scores(s0, query, key, real_keys(batch, key)), known.L);
    let P1 = probabilities(visible_scores(s1, query, key + 4u, real_keys(batch, key + 4u)), known.L);
    let dS0 = score_gradients(P0, dP0, known.product);
    let dS1 = score_gradients(P1, dP1, known.product);
    for (var c = 0u; c < width; c++) {
      let sums = multiply_add(dq_block(rows, c), dS0, k_block(keys0, c));
      put_dq(rows, c, multiply_add(sums, dS1, k_block(keys1, c)));
    }
  }
}

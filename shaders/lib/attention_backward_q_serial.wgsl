// attention_backward_q, each thread alone: it has four queries and walks over the keys up to its own, four at a time. The
// sums stay in dq.
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
  for (var key = 0u; key < min(query + 4u, p.T); key += 4u) {
    let keys = head_rows(batch, key, kv_head, p.Hkv);
    var s = mat4x4f();
    var dP = mat4x4f();
    for (var c = 0u; c < width; c++) {
      s = multiply_add(s, q_block(rows, c), transpose(k_block(keys, c)));
      dP = multiply_add(dP, dy_block(rows, c), transpose(v_block(keys, c)));
    }
    let P = probabilities(s, query, key, real_keys(batch, key), known.L);
    let dS = score_gradients(P, dP, known.product);
    for (var c = 0u; c < width; c++) {
      put_dq(rows, c, multiply_add(dq_block(rows, c), dS, k_block(keys, c)));
    }
  }
}

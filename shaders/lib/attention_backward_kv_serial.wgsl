// attention_backward_kv, each thread alone: it has four keys and walks over the queries from the last down to them, four at
// a time, so that neighbouring threads read the same queries. The sums stay in dk and dv.
// grid: 32 keys in x
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let key = (group.x * 8u + thread) * 4u;
  if (key >= p.T) {
    return;
  }
  let batch = group.z;
  let kv_head = group.y;
  let width = p.D / 4u;
  let rows = head_rows(batch, key, kv_head, p.Hkv);
  let real = real_keys(batch, key);
  for (var c = 0u; c < width; c++) {
    put_dk(rows, c, mat4x4f());
    put_dv(rows, c, mat4x4f());
  }
  let shared_by = p.H / p.Hkv;
  for (var head = kv_head * shared_by; head < (kv_head + 1u) * shared_by; head++) {
    for (var end = (p.T + 3u) / 4u * 4u; end > key; end -= 4u) {
      let query = end - 4u;
      let queries = head_rows(batch, query, head, p.H);
      let known = query_stats(batch, head, query);
      var s = mat4x4f();
      var dP = mat4x4f();
      for (var c = 0u; c < width; c++) {
        s = multiply_add(s, q_block(queries, c), transpose(k_block(rows, c)));
        dP = multiply_add(dP, dy_block(queries, c), transpose(v_block(rows, c)));
      }
      let P = probabilities(s, query, key, real, known.L);
      let dS = score_gradients(P, dP, known.product);
      for (var c = 0u; c < width; c++) {
        put_dv(rows, c, multiply_add(dv_block(rows, c), transpose(P), dy_block(queries, c)));
        put_dk(rows, c, multiply_add(dk_block(rows, c), transpose(dS), q_block(queries, c)));
      }
    }
  }
}

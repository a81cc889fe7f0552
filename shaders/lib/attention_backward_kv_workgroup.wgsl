// attention_backward_kv in tiles of 32 keys by 32 queries.
// grid: 32 keys times 64 columns in x
@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let work = work_of(group.x);
  let batch = group.z;
  let kv_head = group.y;
  let index = thread.y * 8u + thread.x;
  let key = work.first + thread.y * 4u;
  let real = real_keys(batch, key);
  let staged_keys = head_rows(batch, work.first + index / 8u * 4u, kv_head, p.Hkv);
  var dk_sums = Wide();
  var dv_sums = Wide();
  let shared_by = p.H / p.Hkv;
  for (var head = kv_head * shared_by; head < (kv_head + 1u) * shared_by; head++) {
    for (var queries = work.first; queries < p.T; queries += TILE) {
      let staged_queries = head_rows(batch, queries + index / 8u * 4u, head, p.H);
      // Rows are keys here, columns queries.
      var s = mat4x4f();
      var dP = mat4x4f();
      for (var inner = 0u; inner < work.width; inner += INNER) {
        let inside = inner + index % 8u < work.width;
        let c = min(inner + index % 8u, work.width - 1u);
        stage_operands(index, k_block(staged_keys, c), q_block(staged_queries, c), inside);
        workgroupBarrier();
        s = multiply_staged(s, thread);
        workgroupBarrier();
        stage_operands(index, v_block(staged_keys, c), dy_block(staged_queries, c), inside);
        workgroupBarrier();
        dP = multiply_staged(dP, thread);
        workgroupBarrier();
      }
      let query = queries + thread.x * 4u;
      let known = query_stats(batch, head, query);
      let P = probabilities(transpose(s), query, key, real, known.L);
      let dS = score_gradients(P, transpose(dP), known.product);
      let c = wide_column(index, work);
      let early = head_rows(batch, queries + wide_token(index), head, p.H);
      let late = head_rows(batch, queries + wide_token(index) + 16u, head, p.H);
      stage_weights(thread, transpose(P));
      stage_wide(index, dy_block(early, c), dy_block(late, c));
      workgroupBarrier();
      dv_sums = multiply_wide(dv_sums, thread);
      workgroupBarrier();
      stage_weights(thread, transpose(dS));
      stage_wide(index, q_block(early, c), q_block(late, c));
      workgroupBarrier();
      dk_sums = multiply_wide(dk_sums, thread);
      workgroupBarrier();
    }
  }
  if (key >= p.T) {
    return;
  }
  let rows = head_rows(batch, key, kv_head, p.Hkv);
  let column = work.column + thread.x;
  if (column < work.width) {
    put_dk(rows, column, dk_sums.near);
    put_dv(rows, column, dv_sums.near);
  }
  if (column + 8u < work.width) {
    put_dk(rows, column + 8u, dk_sums.far);
    put_dv(rows, column + 8u, dv_sums.far);
  }
}

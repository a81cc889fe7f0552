// attention_backward_q in tiles of 32 queries by 32 keys.
// grid: 32 queries times 64 columns in x
@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let work = late_work_of(group.x);
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let index = thread.y * 8u + thread.x;
  let query = work.first + thread.y * 4u;
  let known = query_stats(batch, head, query);
  let staged_queries = head_rows(batch, work.first + index / 8u * 4u, head, p.H);
  var sums = Wide();
  for (var keys = 0u; keys <= work.first; keys += TILE) {
    let staged_keys = head_rows(batch, keys + index / 8u * 4u, kv_head, p.Hkv);
    var s = mat4x4f();
    var dP = mat4x4f();
    for (var inner = 0u; inner < work.width; inner += INNER) {
      let inside = inner + index % 8u < work.width;
      let c = min(inner + index % 8u, work.width - 1u);
      stage_operands(index, q_block(staged_queries, c), k_block(staged_keys, c), inside);
      workgroupBarrier();
      s = multiply_staged(s, thread);
      workgroupBarrier();
      stage_operands(index, dy_block(staged_queries, c), v_block(staged_keys, c), inside);
      workgroupBarrier();
      dP = multiply_staged(dP, thread);
      workgroupBarrier();
    }
    let key = keys + thread.x * 4u;
    let P = probabilities(s, query, key, real_keys(batch, key), known.L);
    stage_weights(thread, score_gradients(P, dP, known.product));
    let c = wide_column(index, work);
    let early = head_rows(batch, keys + wide_token(index), kv_head, p.Hkv);
    let late = head_rows(batch, keys + wide_token(index) + 16u, kv_head, p.Hkv);
    stage_wide(index, k_block(early, c), k_block(late, c));
    workgroupBarrier();
    sums = multiply_wide(sums, thread);
    workgroupBarrier();
  }
  if (query >= p.T) {
    return;
  }
  let rows = head_rows(batch, query, head, p.H);
  let column = work.column + thread.x;
  if (column < work.width) {
    put_dq(rows, column, sums.near);
  }
  if (column + 8u < work.width) {
    put_dq(rows, column + 8u, sums.far);
  }
}

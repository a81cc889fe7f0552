// attention in tiles of 32 queries by 32 keys.
// grid: 32 queries times 64 columns in x
var<workgroup> row_stage: array<vec4f, 64>;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let work = late_work_of(group.x);
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let index = thread.y * 8u + thread.x;
  let query = work.first + thread.y * 4u;
  let staged_queries = head_rows(batch, query, head, p.H);
  var sums = Wide();
  var maxima = vec4f(LOWEST);
  // The totals over this thread's own keys.
  var totals = vec4f();
  for (var keys = first_key(batch, work.first); keys < keys_end(batch, work.first + TILE); keys += TILE) {
    let staged_keys = head_rows(batch, keys + thread.y * 4u, kv_head, p.Hkv);
    var s = mat4x4f();
    for (var inner = 0u; inner < work.width; inner += INNER) {
      let c = min(inner + thread.x, work.width - 1u);
      stage_operands(thread, q_block(staged_queries, c), k_block(staged_keys, c), inner + thread.x < work.width);
      workgroupBarrier();
      s = multiply_staged(s, thread);
      workgroupBarrier();
    }
    let key = keys + thread.x * 4u;
    s = all_scores(s);
    let keys_seen = seen(batch, key);
    if (!all_visible(query, keys_seen)) {
      s = visible_scores(s, query, keys_seen);
    }
    row_stage[index] = row_maxima(s);
    let c = wide_column(index, work);
    let early = head_rows(batch, keys + wide_token(index), kv_head, p.Hkv);
    let late = head_rows(batch, keys + wide_token(index) + 16u, kv_head, p.Hkv);
    stage_wide(index, v_block(early, c), v_block(late, c));
    workgroupBarrier();
    let before = maxima;
    for (var x = 0u; x < 8u; x++) {
      maxima = max(maxima, row_stage[thread.y * 8u + x]);
    }
    if (any(maxima > before)) {
      let decay = exp2(before - maxima);
      totals *= decay;
      sums = Wide(scale_rows(sums.near, decay), scale_rows(sums.far, decay));
    }
    let weights = exp2_rows(s, maxima);
    totals += row_sums(weights);
    stage_weights(thread, weights);
    workgroupBarrier();
    sums = multiply_wide(sums, thread);
    workgroupBarrier();
  }
  row_stage[index] = totals;
  workgroupBarrier();
  totals = vec4f();
  for (var x = 0u; x < 8u; x++) {
    totals += row_stage[thread.y * 8u + x];
  }
  if (query >= p.T) {
    return;
  }
  let inverse = inverse_totals(maxima, totals);
  let column = near_column(thread.x, work);
  if (column < half_width(work)) {
    put_y(staged_queries, column, scale_rows(sums.near, inverse));
    if (column + half_width(work) < work.width) {
      put_y(staged_queries, column + half_width(work), scale_rows(sums.far, inverse));
    }
  }
  if (column == 0u) {
    put_L(batch, head, query, log_sums(maxima, totals));
  }
}

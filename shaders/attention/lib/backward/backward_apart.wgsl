// attention_backward in tiles of 32 rows by 32 columns, as in backward_workgroup, but separate workgroups compute the gradients of keys
// and those of values. Both compute the scores, but a thread holds the sums of only one gradient, so it needs half as many registers.
// grid: 32 rows times 64 columns of a head in x. The pass for keys and values has twice as many workgroups: the first half computes the
// gradients of keys, the second half those of values.
@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let groups = tile_count() * ((p.D / 4u + OUTER - 1u) / OUTER);
  let of_values = group.x >= groups;
  // Workgroups with the longest loops come first: the last queries see the most keys, and the first keys are seen by the most queries.
  var work = late_work_of(group.x);
  if (of_keys()) {
    work = work_of(group.x % groups);
  }
  let batch = group.z;
  let head = group.y;
  let index = thread.y * 8u + thread.x;
  let row = work.first + thread.y * 4u;
  put_tile_products(batch, head, work, index);
  let staged_rows = head_rows(batch, row, head, heads());
  var sums = Wide();
  let scale = p.scale;
  let column_heads_met = heads_met(head);
  let tokens = tokens_met(batch, work.first, TILE);
  for (var column_head = column_heads_met.begin; column_head < column_heads_met.end; column_head++) {
    for (var columns = tokens.begin; columns < tokens.end; columns += TILE) {
      let staged_columns = head_rows(batch, columns + thread.y * 4u, column_head, column_heads());
      let s = tile_products(staged_rows, staged_columns, work, thread);
      let met = meeting(batch, head, column_head, row, columns + thread.x * 4u);
      var P = all_probabilities(s, met.rows, met.columns);
      if (!all_visible(met.rows, met.columns)) {
        P = visible_probabilities(P, met.rows, met.columns);
      }
      stage_weights(thread, P);
      if (!of_values) {
        let less = less_products(met.rows, met.columns);
        let dP = add_tile_products_of_values(less, staged_rows, staged_columns, work, thread);
        stage_weights(thread, score_gradients_of_sums(own_weights(thread), s, dP, scale));
      }
      let c = wide_column(index, work);
      let early = head_rows(batch, columns + wide_token(index), column_head, column_heads());
      let late = head_rows(batch, columns + wide_token(index) + 16u, column_head, column_heads());
      if (of_values) {
        stage_wide(index, z_values_block(early, c), z_values_block(late, c));
      } else {
        stage_wide(index, z_block(early, c), z_block(late, c));
      }
      workgroupBarrier();
      sums = multiply_wide(sums, thread);
      workgroupBarrier();
    }
  }
  if (row < p.T) {
    let tokens = batch * p.T + tokens_from(row);
    put_wide(staged_rows, tokens, near_column(thread.x, work), work, sums, of_values);
  }
}

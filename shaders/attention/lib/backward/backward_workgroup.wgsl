// attention_backward in tiles of 32 rows by 32 columns.
// grid: 32 rows times 64 columns of a head in x
@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  // Workgroups with the longest loops come first: the last queries see the most keys, and the first keys are seen by the most queries.
  var work = late_work_of(group.x);
  if (of_keys()) {
    work = work_of(group.x);
  }
  let batch = group.z;
  let head = group.y;
  let index = thread.y * 8u + thread.x;
  let row = work.first + thread.y * 4u;
  put_tile_products(batch, head, work, index);
  let staged_rows = head_rows(batch, row, head, heads());
  var dx_sums = Wide();
  var dx_values_sums = Wide();
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
      let c = wide_column(index, work);
      let early = head_rows(batch, columns + wide_token(index), column_head, column_heads());
      let late = head_rows(batch, columns + wide_token(index) + 16u, column_head, column_heads());
      if (of_keys()) {
        stage_wide(index, z_values_block(early, c), z_values_block(late, c));
        workgroupBarrier();
        dx_values_sums = multiply_wide(dx_values_sums, thread);
        workgroupBarrier();
      }
      let less = less_products(met.rows, met.columns);
      let dP = add_tile_products_of_values(less, staged_rows, staged_columns, work, thread);
      stage_weights(thread, score_gradients_of_sums(own_weights(thread), s, dP, scale));
      stage_wide(index, z_block(early, c), z_block(late, c));
      workgroupBarrier();
      dx_sums = multiply_wide(dx_sums, thread);
      workgroupBarrier();
    }
  }
  if (row < p.T) {
    let tokens = batch * p.T + tokens_from(row);
    let column = near_column(thread.x, work);
    put_wide(staged_rows, tokens, column, work, dx_sums, false);
    if (of_keys()) {
      put_wide(staged_rows, tokens, column, work, dx_values_sums, true);
    }
  }
}

// attention_backward without cooperation of threads: each has four rows, and loops over four columns at a time. For keys, it loops over
// the queries from the last one down, so that neighbouring threads read the same queries. The sums stay in dx and dx_values.
// grid: 32 rows in x
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = (group.x * 8u + thread) * 4u;
  if (row >= p.T) {
    return;
  }
  let batch = group.z;
  let head = group.y;
  let rows = head_rows(batch, row, head, heads());
  put_four_products(batch, head, row);
  for (var c = 0u; c < p.D / WORD; c++) {
    put_dx(rows, c, mat2x4f());
  }
  for (var c = 0u; c < values_width() / WORD; c++) {
    put_dx_values(rows, c, mat2x4f());
  }
  let scale = p.scale;
  let column_heads_met = heads_met(head);
  let tokens = tokens_met(batch, row, 4u);
  let length = (tokens.end - tokens.begin + 3u) / 4u * 4u;
  for (var column_head = column_heads_met.begin; column_head < column_heads_met.end; column_head++) {
    for (var i = 0u; i < length; i += 4u) {
      let column = tokens.begin + select(i, length - 4u - i, of_keys());
      let others = head_rows(batch, column, column_head, column_heads());
      let met = meeting(batch, head, column_head, row, column);
      var s = mat4x4f();
      var dP = mat4x4f();
      for (var c = 0u; c < p.D / WORD; c++) {
        s = add_outer_pair(s, x_pair(rows, c), z_pair(others, c));
        dP = add_outer_pair(dP, x_values_pair(rows, c), z_values_pair(others, c));
      }
      let P = probabilities(s, met.rows, met.columns);
      let dS = score_gradients(P, s, dP, met.rows, met.columns, scale);
      for (var c = 0u; c < p.D / WORD; c++) {
        put_dx(rows, c, add_inner_pair(dx_pair(rows, c), dS, z_pair(others, c)));
      }
      for (var c = 0u; c < values_width() / WORD; c++) {
        put_dx_values(rows, c, add_inner_pair(dx_values_pair(rows, c), P, z_values_pair(others, c)));
      }
    }
  }
  if (p.is_turned != 0u) {
    turn_dx_back(rows, batch * p.T + tokens_from(row));
  }
}

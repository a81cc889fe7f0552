// attention without cooperation of threads: each has four queries, and loops over the keys that they see, eight at a time.
// The sums stay in y. So D can be any size, and there is little code to compile.
// grid: 32 queries in x
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let query = (group.x * 8u + thread) * 4u;
  if (query >= p.T) {
    return;
  }
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let rows = head_rows(batch, query, head, p.H);
  for (var c = 0u; c < p.D / WORD; c++) {
    put_y(rows, c, mat2x4f());
  }
  var maxima = vec4f(LOWEST);
  var totals = vec4f();
  for (var key = first_key(batch, query); key < keys_end(batch, query + 4u); key += 8u) {
    let keys0 = head_rows(batch, key, kv_head, p.Hkv);
    let keys1 = head_rows(batch, key + 4u, kv_head, p.Hkv);
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    for (var c = 0u; c < p.D / WORD; c++) {
      let a = q_pair(rows, c);
      s0 = add_outer_pair(s0, a, k_pair(keys0, c));
      s1 = add_outer_pair(s1, a, k_pair(keys1, c));
    }
    s0 = visible_scores(all_scores(s0), query, seen(batch, key));
    s1 = visible_scores(all_scores(s1), query, seen(batch, key + 4u));
    let before = maxima;
    maxima = max(maxima, max(row_maxima(s0), row_maxima(s1)));
    let decay = exp2(before - maxima);
    let w0 = exp2_rows(s0, maxima);
    let w1 = exp2_rows(s1, maxima);
    totals = totals * decay + row_sums(w0) + row_sums(w1);
    for (var c = 0u; c < p.D / WORD; c++) {
      let sums = scale_pair(y_pair(rows, c), decay);
      put_y(rows, c, add_inner_pair(add_inner_pair(sums, w0, v_pair(keys0, c)), w1, v_pair(keys1, c)));
    }
  }
  let inverse = inverse_totals(maxima, totals);
  for (var c = 0u; c < p.D / WORD; c++) {
    put_y(rows, c, scale_pair(y_pair(rows, c), inverse));
  }
  put_L(batch, head, query, log_sums(maxima, totals));
}

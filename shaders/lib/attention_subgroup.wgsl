// attention on quads: each thread has four queries, and the four of a quad read four keys each for all of them, so that
// they walk over sixteen at a time. The sums stay in y, so that D may be anything and there is little code to compile.
// grid: 32 queries in x
// with lib/neighbours.wgsl
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = (group.x * 8u + thread) * 4u;
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let width = p.D / 4u;
  let rows = head_rows(batch, query, head, p.H);
  // Those beyond the last token read for their neighbours, and write nothing.
  let real = query < p.T;
  // All that the quad's queries see.
  let end = min((query / 16u + 1u) * 16u, p.T);
  var maxima = vec4f(HIDDEN);
  var totals = vec4f();
  for (var key = 0u; key < end; key += 16u) {
    let own_key = key + thread % 4u * 4u;
    let keys = head_rows(batch, own_key, kv_head, p.Hkv);
    let tokens = vec4u(real_keys(batch, own_key));
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var s2 = mat4x4f();
    var s3 = mat4x4f();
    for (var c = 0u; c < width; c++) {
      let a = q_block(rows, c);
      let b = transpose(k_block(keys, c));
      s0 = add_product(s0, a, of_lane0(b));
      s1 = add_product(s1, a, of_lane1(b));
      s2 = add_product(s2, a, of_lane2(b));
      s3 = add_product(s3, a, of_lane3(b));
    }
    s0 = visible_scores(s0, query, key, quadBroadcast(tokens, 0u) > vec4u());
    s1 = visible_scores(s1, query, key + 4u, quadBroadcast(tokens, 1u) > vec4u());
    s2 = visible_scores(s2, query, key + 8u, quadBroadcast(tokens, 2u) > vec4u());
    s3 = visible_scores(s3, query, key + 12u, quadBroadcast(tokens, 3u) > vec4u());
    let before = maxima;
    maxima = max(maxima, max(max(row_maxima(s0), row_maxima(s1)), max(row_maxima(s2), row_maxima(s3))));
    let kept = exp(before - maxima);
    let w0 = exp_rows(s0, maxima);
    let w1 = exp_rows(s1, maxima);
    let w2 = exp_rows(s2, maxima);
    let w3 = exp_rows(s3, maxima);
    totals = totals * kept + ((row_sums(w0) + row_sums(w1)) + (row_sums(w2) + row_sums(w3)));
    let scale = select(vec4f(1.0), inverse_totals(totals), key + 16u >= end);
    for (var c = 0u; c < width; c++) {
      let v = v_block(keys, c);
      var sums = mat4x4f();
      if (key > 0u) {
        sums = scale_rows(y_block(rows, c), kept);
      }
      sums = add_product(sums, w0, of_lane0(v));
      sums = add_product(sums, w1, of_lane1(v));
      sums = add_product(sums, w2, of_lane2(v));
      sums = add_product(sums, w3, of_lane3(v));
      if (real) {
        put_y(rows, c, scale_rows(sums, scale));
      }
    }
  }
  if (real) {
    put_L(batch, head, query, log_sums(maxima, totals));
  }
}

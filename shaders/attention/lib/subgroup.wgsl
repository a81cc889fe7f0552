// attention on quads: each thread has four queries. Each of a quad's four threads reads four keys for all four threads,
// so a quad reads sixteen in each iteration.
// grid: 32 queries in x
// with lib/neighbours.wgsl, and lib/in_memory.wgsl or lib/{held, heads_held}.wgsl
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let query = (group.x * 8u + thread) * 4u;
  let batch = group.z;
  let head = group.y;
  let kv_head = head * p.Hkv / p.H;
  let rows = head_rows(batch, query, head, p.H);
  // A thread whose queries are beyond the last token only reads keys for its quad, and writes nothing.
  let real = query < p.T;
  // The keys that the quad's queries see.
  let first = first_key(batch, query & ~15u);
  let end = keys_end(batch, (query & ~15u) + 16u);
  let queries = queries_at(rows);
  var sums = sums_of(rows, real);
  var maxima = vec4f(LOWEST);
  var totals = vec4f();
  var key = first;
  // The condition comes last, as SwiftShader otherwise runs a loop's body once too often.
  if (key < end) {
    loop {
      let own_key = key + (thread & 3u) * 4u;
      let keys = head_rows(batch, own_key, kv_head, p.Hkv);
      let own = seen(batch, own_key);
      // The scores of this thread's four queries by the four keys of each thread of the quad.
      var s = products(queries, keys);
      s = Blocks(
        visible_scores(all_scores(s.b0), query, own),
        visible_scores(all_scores(s.b1), query, Seen(quadSwapX(own.first), quadSwapX(own.last))),
        visible_scores(all_scores(s.b2), query, Seen(quadSwapY(own.first), quadSwapY(own.last))),
        visible_scores(all_scores(s.b3), query, Seen(quadSwapDiagonal(own.first), quadSwapDiagonal(own.last))),
      );
      let before = maxima;
      maxima = max(maxima, max(max(row_maxima(s.b0), row_maxima(s.b1)), max(row_maxima(s.b2), row_maxima(s.b3))));
      let decay = exp2(before - maxima);
      let w = Blocks(exp2_rows(s.b0, maxima), exp2_rows(s.b1, maxima), exp2_rows(s.b2, maxima), exp2_rows(s.b3, maxima));
      totals = totals * decay + ((row_sums(w.b0) + row_sums(w.b1)) + (row_sums(w.b2) + row_sums(w.b3)));
      let scale = select(vec4f(1.0), inverse_totals(maxima, totals), key + 16u >= end);
      sums = add_values(sums, decay, w, keys, scale);
      continuing {
        key += 16u;
        break if key >= end;
      }
    }
  }
  put_sums(sums);
  if (real) {
    put_L(batch, head, query, log_sums(maxima, totals));
  }
}

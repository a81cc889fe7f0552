// attention_decode and rope_attention_decode with one thread per head, for devices on which barriers are slow. The thread loops over the
// cache, four entries at a time. The sums stay in y, so that D can be any size.
// grid: 4 heads in x, of any batch row
const LINES = 4u;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) line: u32) {
  let batch = id.x / p.H;
  let head = id.x % p.H;
  if (batch >= p.B) {
    return;
  }
  let width = head_width();
  let query = query_start(batch, head);
  let stride = entry_stride();
  let cache = cache_start(batch, head);
  let end = entries_end(batch);
  prepare(line, batch, head, 0u, 1u);
  for (var c = 0u; c < width; c++) {
    y[query + c] = own_value(batch, head, c);
  }
  var maximum = own_score(line);
  var total = select(0.0, 1.0, maximum > HIDDEN);
  for (var entry = 0u; entry < end; entry += 4u) {
    // Entries after the last one are clamped to it, and have weight 0.
    let entries = min(vec4u(entry, entry + 1u, entry + 2u, entry + 3u), vec4u(end - 1u));
    let rows = cache + entries * stride;
    let made = vec4f(
      score_of(line, query, rows.x),
      score_of(line, query, rows.y),
      score_of(line, query, rows.z),
      score_of(line, query, rows.w),
    );
    let counts = (entry + vec4u(0u, 1u, 2u, 3u) < vec4u(end)) & !is_own(batch, entries);
    let scores = select(vec4f(HIDDEN), made, counts);
    let before = maximum;
    maximum = max(max(maximum, max(scores.x, scores.y)), max(scores.z, scores.w));
    let decay = exp2(before - maximum);
    let weights = exp2(scores - maximum);
    total = total * decay + dot(weights, vec4f(1.0));
    for (var c = 0u; c < width; c++) {
      y[query + c] = y[query + c] * decay + weights.x * v_cache[rows.x + c] + weights.y * v_cache[rows.y + c]
        + weights.z * v_cache[rows.z + c] + weights.w * v_cache[rows.w + c];
    }
  }
  let inverse = inverse_total(total);
  for (var c = 0u; c < width; c++) {
    y[query + c] = y[query + c] * inverse;
  }
}

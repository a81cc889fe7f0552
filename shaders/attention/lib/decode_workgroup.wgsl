// attention_decode and rope_attention_decode with one workgroup per 128 words of a head. All threads compute the scores of 256 entries
// at a time. Then each thread sums one word of the values over its share of the entries, with a running maximum of its own.
// grid: H in x, B in y, 128 words of D in z
const LINES = 1u;
const THREADS = 128u;
const ENTRIES = 256u;
var<workgroup> scores: array<f32, 256>;
var<workgroup> share_maximum: array<f32, 128>;
var<workgroup> share_total: array<f32, 128>;
var<workgroup> share_values: array<Word, 128>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = group.x;
  let batch = group.y;
  let query = query_start(batch, head);
  let stride = entry_stride();
  let cache = cache_start(batch, head);
  let end = entries_end(batch);
  prepare(0u, batch, head, thread, THREADS);
  workgroupBarrier();

  // The entries are divided into shares, and each share has one thread for each word. Threads that are left over only compute scores.
  let first_word = group.z * THREADS;
  let words = min(head_width() - first_word, THREADS);
  let shares = THREADS / words;
  let share = thread / words;
  let word = first_word + thread % words;
  var maximum = HIDDEN;
  var total = 0.0;
  var values = Word();
  if (share == 0u) {
    maximum = own_score(0u);
    total = select(0.0, 1.0, maximum > HIDDEN);
    values = own_value(batch, head, word);
  }

  for (var entry = 0u; entry < end; entry += ENTRIES) {
    let count = min(end - entry, ENTRIES);
    for (var j = thread; j < count; j += THREADS) {
      let score = score_of(0u, query, cache + (entry + j) * stride);
      scores[j] = select(score, HIDDEN, is_own(batch, vec4u(entry + j)).x);
    }
    workgroupBarrier();
    if (share < shares) {
      let before = maximum;
      for (var j = share; j < count; j += shares) {
        maximum = max(maximum, scores[j]);
      }
      let decay = exp2(before - maximum);
      total *= decay;
      values *= decay;
      for (var j = share; j < count; j += shares) {
        let weight = exp2(scores[j] - maximum);
        total += weight;
        values += weight * v_cache[cache + (entry + j) * stride + word];
      }
    }
    workgroupBarrier();
  }

  share_maximum[thread] = maximum;
  share_total[thread] = total;
  share_values[thread] = values;
  workgroupBarrier();
  if (share > 0u) {
    return;
  }
  for (var other = 1u; other < shares; other++) {
    let at = other * words + thread;
    let both = max(maximum, share_maximum[at]);
    let decay = exp2(maximum - both);
    let added = exp2(share_maximum[at] - both);
    maximum = both;
    total = total * decay + share_total[at] * added;
    values = values * decay + share_values[at] * added;
  }
  y[query + word] = values * inverse_total(total);
}

// attention_decode: one new query per row of the batch over its cache, from entry start[b] (0 when has_start is 0) to
// entry positions[b], its own: y[b,h] = Σ_j softmax_j(scale · q[b,h] · k_cache[b,j]) · v_cache[b,j]; 0 without any entry
// q, y: (B, H·D)   k_cache, v_cache: (B, S, Hkv·D); query head h reads kv head h · Hkv / H
// start, positions: (B)
// grid: H in x, B in y, 128 words of D in z
// Scores of 256 entries at a time are made by all threads. Then each thread sums one word of the values over its share of
// the entries, with a running maximum of its own.
// with lib/{word_vec4, word_scalar}.wgsl
struct Params { B: u32, S: u32, H: u32, Hkv: u32, D: u32, scale: f32, has_start: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<Word>;
@group(0) @binding(2) var<storage, read> k_cache: array<Word>;
@group(0) @binding(3) var<storage, read> v_cache: array<Word>;
@group(0) @binding(4) var<storage, read> start: array<u32>;
@group(0) @binding(5) var<storage, read> positions: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<Word>;

const THREADS = 128u;
const ENTRIES = 256u;
const HIDDEN = -1e30;
var<workgroup> scores: array<f32, 256>;
var<workgroup> share_maximum: array<f32, 128>;
var<workgroup> share_total: array<f32, 128>;
var<workgroup> share_values: array<Word, 128>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = group.x;
  let batch = group.y;
  let width = p.D / WIDTH;
  let query = (batch * p.H + head) * width;
  let stride = p.Hkv * width;
  let cache = batch * p.S * stride + head * p.Hkv / p.H * width;
  let begin = select(0u, start[batch], p.has_start != 0u);
  let end = min(positions[batch] + 1u, p.S);

  // Threads of a share have a word each; what is left of the threads only makes scores.
  let first_word = group.z * THREADS;
  let words = min(width - first_word, THREADS);
  let shares = THREADS / words;
  let share = thread / words;
  let word = first_word + thread % words;
  var maximum = HIDDEN;
  var total = 0.0;
  var values = Word();

  for (var entry = begin; entry < end; entry += ENTRIES) {
    let count = min(end - entry, ENTRIES);
    for (var j = thread; j < count; j += THREADS) {
      let row = cache + (entry + j) * stride;
      var product = 0.0;
      for (var c = 0u; c < width; c++) {
        product += word_dot(q[query + c], k_cache[row + c]);
      }
      scores[j] = product * p.scale;
    }
    workgroupBarrier();
    if (share < shares) {
      let before = maximum;
      for (var j = share; j < count; j += shares) {
        maximum = max(maximum, scores[j]);
      }
      let kept = exp(before - maximum);
      total *= kept;
      values *= kept;
      for (var j = share; j < count; j += shares) {
        let weight = exp(scores[j] - maximum);
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
    let kept = exp(maximum - both);
    let added = exp(share_maximum[at] - both);
    maximum = both;
    total = total * kept + share_total[at] * added;
    values = values * kept + share_values[at] * added;
  }
  y[query + word] = values * select(0.0, 1.0 / max(total, 1e-30), total > 0.0);
}

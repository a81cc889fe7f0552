// supervised_contrast: for the rows i and j < labelled of a batch, with s[i,j] = z[i] · z[j] / temperature, and P(i) the
// other rows with the class of i:
//   losses[i] = weights[i] · (ln Σ_{j ≠ i} e^s[i,j] − mean_{p in P(i)} s[i,p])
//   pairs[i,j] = weights[i] · (e^s[i,j] / Σ_{k ≠ i} e^s[i,k] − (j in P(i)) / |P(i)|) · inverse_tokens / temperature,
//   the gradient of the mean loss with respect to z[i] · z[j], if has_gradient
// a row with an empty P(i), and one from `labelled` on, has a loss of 0, and zeros in its pairs
// z: (B, F)   targets, weights, losses: (B)   pairs: (B, B); with has_gradient 0 they are s
// grid: one workgroup per row i; its threads stride over j
// with lib/step_block.wgsl
struct Params { B: u32, F: u32, inverse_temperature: f32, has_gradient: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> block: StepBlock;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> pairs: array<f32>;

const THREADS = 64u;
const LOWEST = -1e30;

// A summary of row i's scores s[i,j] for some rows j.
struct Scores {
  largest: f32,
  sum: f32,         // Σ e^(s − largest)
  of_positives: f32, // Σ s over P(i)
  positives: f32,   // |P(i)|
}
var<workgroup> of_threads: array<Scores, THREADS>;
var<workgroup> of_row: Scores;

fn score(i: u32, j: u32) -> f32 {
  var product = 0.0;
  for (var f = 0u; f < p.F; f++) {
    product += z[i * p.F + f] * z[j * p.F + f];
  }
  return product * p.inverse_temperature;
}

fn is_positive(i: u32, j: u32) -> bool {
  return j != i && targets[j] == targets[i];
}

// Summarises the scores of row i for one thread's rows j, and stores these scores in pairs.
fn scan(i: u32, thread: u32, labelled: u32) -> Scores {
  var found = Scores(LOWEST, 0.0, 0.0, 0.0);
  for (var j = thread; j < labelled; j += THREADS) {
    let s = score(i, j);
    pairs[i * p.B + j] = s;
    if (j != i) {
      let largest = max(found.largest, s);
      found.sum = found.sum * exp(found.largest - largest) + exp(s - largest);
      found.largest = largest;
    }
    if (is_positive(i, j)) {
      found.of_positives += s;
      found.positives += 1.0;
    }
  }
  return found;
}

// Combines the summaries of all threads, in a fixed order.
fn scores_of_row(own: Scores, thread: u32) -> Scores {
  of_threads[thread] = own;
  workgroupBarrier();
  if (thread == 0u) {
    var all = own;
    for (var t = 1u; t < THREADS; t++) {
      let next = of_threads[t];
      let largest = max(all.largest, next.largest);
      all.sum = all.sum * exp(all.largest - largest) + next.sum * exp(next.largest - largest);
      all.largest = largest;
      all.of_positives += next.of_positives;
      all.positives += next.positives;
    }
    of_row = all;
  }
  workgroupBarrier();
  return of_row;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = group.x;
  let labelled = min(block.labelled, p.B);
  let all = scores_of_row(scan(i, thread, labelled), thread);
  let counts = i < labelled && all.positives > 0.0;
  // At least 1, so that rows without positives, whose result is discarded, don't divide by 0.
  let positives = max(all.positives, 1.0);
  if (thread == 0u) {
    losses[i] = select(0.0, weights[i] * (all.largest + log(all.sum) - all.of_positives / positives), counts);
  }
  if (p.has_gradient == 0u) {
    return;
  }
  let scale = weights[i] * block.inverse_tokens * p.inverse_temperature;
  for (var j = thread; j < p.B; j += THREADS) {
    let has_gradient = counts && j != i && j < labelled;
    let softmax = exp(pairs[i * p.B + j] - all.largest) / all.sum;
    let gradient = (softmax - select(0.0, 1.0 / positives, is_positive(i, j))) * scale;
    pairs[i * p.B + j] = select(0.0, gradient, has_gradient);
  }
}

// cross_entropy: for the rows i of a chunk, n = start + i, z = logits[i]:
//   losses[n] = ln Σ_v e^z[v] − (1 − smoothing) · z[targets[n]] − smoothing · mean_v z[v]
//   logits[i,v] = (e^z[v] / Σ e^z − (1 − smoothing) · (v = targets[n]) − smoothing / V) · inverse_tokens,
//   the gradient of the mean loss, if has_gradient
// rows n ≥ labelled are padding: their loss and their gradient are 0
// logits: (count, V)   targets, losses: (≥ start + count)
// grid: one workgroup per row i; its threads stride over v
// with lib/step_block.wgsl
struct Params { start: u32, count: u32, V: u32, has_gradient: u32, smoothing: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> block: StepBlock;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;

const THREADS = 256u;
const LOWEST = -1e30;
// For each thread: the largest logit so far, and Σ e^(z − largest).
var<workgroup> partials: array<vec2f, THREADS>;

fn merge(a: vec2f, b: vec2f) -> vec2f {
  let largest = max(a.x, b.x);
  return vec2f(largest, a.y * exp(a.x - largest) + b.y * exp(b.x - largest));
}

// Scans one thread's share of a row in a single pass, and rescales the sum when a larger logit appears.
fn scan(row: u32, thread: u32) -> vec2f {
  var largest = LOWEST;
  var sum = 0.0;
  for (var v = thread; v < p.V; v += THREADS) {
    let z = logits[row + v];
    if (z > largest) {
      sum = sum * exp(largest - z) + 1.0;
      largest = z;
    } else {
      sum += exp(z - largest);
    }
  }
  return vec2f(largest, sum);
}

// Returns, to thread 0 only, how far a row's logits lie below the largest on average. A sum of the logits themselves would lose digits.
fn mean_below(row: u32, thread: u32, largest: f32) -> f32 {
  var below = 0.0;
  for (var v = thread; v < p.V; v += THREADS) {
    below += largest - logits[row + v];
  }
  partials[thread].x = below;
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      partials[thread].x += partials[thread + half].x;
    }
  }
  return partials[0].x / f32(p.V);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = p.start + group.x;
  let row = group.x * p.V;
  let labelled = n < block.labelled;
  let target_id = min(targets[n], p.V - 1u);
  partials[thread] = scan(row, thread);
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      partials[thread] = merge(partials[thread], partials[thread + half]);
    }
  }
  workgroupBarrier();
  let largest = partials[0].x;
  let sum = partials[0].y;
  var below_on_average = 0.0;
  if (p.smoothing > 0.0) {
    // All threads must have read partials[0] before it is written over.
    workgroupBarrier();
    below_on_average = mean_below(row, thread, largest);
  }
  if (thread == 0u) {
    var below = largest - logits[row + target_id];
    if (p.smoothing > 0.0) {
      below = (1.0 - p.smoothing) * below + p.smoothing * below_on_average;
    }
    losses[n] = select(0.0, below + log(sum), labelled);
  }
  if (p.has_gradient == 0u) {
    return;
  }
  let elsewhere = p.smoothing / f32(p.V);
  let at_target = 1.0 - p.smoothing + elsewhere;
  // Thread 0 must have read the target's logit before another thread overwrites it.
  storageBarrier();
  for (var v = thread; v < p.V; v += THREADS) {
    let softmax = exp(logits[row + v] - largest) / sum;
    let gradient = (softmax - select(elsewhere, at_target, v == target_id)) * block.inverse_tokens;
    logits[row + v] = select(0.0, gradient, labelled);
  }
}

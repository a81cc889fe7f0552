// sample with one workgroup per sequence: its threads stride over v
// grid: B in x
const THREADS = 256u;
// The number of threads that add up all threads' sums: each adds THREADS / ADDERS of them.
const ADDERS = 16u;

var<private> thread: u32;
var<workgroup> shared_block: GenerationBlock;
var<workgroup> parts: array<Reached, THREADS>;
var<workgroup> sums: array<Reached, ADDERS>;
var<workgroup> total: Reached;
var<workgroup> bests: array<vec2u, THREADS>;
var<workgroup> best: vec2u;

fn add(a: Reached, b: Reached) -> Reached {
  return Reached(a.weights + b.weights, a.counts + b.counts);
}

fn measure(items: Items, keys: vec3u) -> Reached {
  var own = Reached();
  if (items.kind == MASS) {
    for (var v = thread; v < p.V; v += THREADS) {
      own = add(own, item_weights(items, v, keys));
    }
  } else {
    for (var v = thread; v < p.V; v += THREADS) {
      own.counts += item_counts(items, v, keys);
    }
    own.weights = vec3f(own.counts);
  }
  parts[thread] = own;
  workgroupBarrier();
  if (thread < ADDERS) {
    own = parts[ADDERS * thread];
    for (var i = 1u; i < THREADS / ADDERS; i++) {
      own = add(own, parts[ADDERS * thread + i]);
    }
    sums[thread] = own;
  }
  workgroupBarrier();
  if (thread == 0u) {
    for (var i = 1u; i < ADDERS; i++) {
      own = add(own, sums[i]);
    }
    total = own;
  }
  return workgroupUniformLoad(&total);
}

fn strongest(state: GenerationBlock, candidates: Candidates) -> vec2u {
  var own = WORST;
  for (var v = thread; v < p.V; v += THREADS) {
    own = better(own, bid(state, v, candidates));
  }
  bests[thread] = own;
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      bests[thread] = better(bests[thread], bests[thread + half]);
    }
  }
  if (thread == 0u) {
    best = bests[0];
  }
  return workgroupUniformLoad(&best);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let b = group.x;
  thread = index;
  if (thread == 0u) {
    shared_block = block[b];
  }
  let state = workgroupUniformLoad(&shared_block);
  if (state.repetition_penalty != 1.0) {
    for (var word = thread; word < seen_words(); word += THREADS) {
      penalise(b, state, word);
    }
    storageBarrier();
  }
  let token = strongest(state, find_candidates(state));
  if (thread == 0u) {
    finish(b, state, token);
  }
}

// sample, by a workgroup per sequence: its threads stride over v
// grid: B in x
const THREADS = 256u;

struct Search { threshold: u32, kept: u32 }
var<workgroup> shared_block: GenerationBlock;
var<workgroup> search: Search;
var<workgroup> counts: array<atomic<u32>, 3>;
var<workgroup> bests: array<vec2u, THREADS>;

// A key that exactly the k largest logits reach, and their equals: built from the top, two bits at a time, by counting
// the logits that reach each of the three next candidates.
fn kth_largest(k: u32, row: u32, thread: u32) -> u32 {
  var threshold = 0u;
  for (var round = 0u; round < 16u; round++) {
    let candidates = next_candidates(threshold, 30u - 2u * round);
    if (thread < 3u) {
      atomicStore(&counts[thread], 0u);
    }
    workgroupBarrier();
    var reached = vec3u(0u);
    for (var v = thread; v < p.V; v += THREADS) {
      reached += reaching(logits[row + v], candidates);
    }
    atomicAdd(&counts[0], reached.x);
    atomicAdd(&counts[1], reached.y);
    atomicAdd(&counts[2], reached.z);
    workgroupBarrier();
    if (thread == 0u) {
      for (var digit = 0u; digit < 3u; digit++) {
        let kept = atomicLoad(&counts[digit]);
        if (kept >= k) {
          search = Search(candidates[digit], kept);
        }
      }
    }
    let found = workgroupUniformLoad(&search);
    threshold = found.threshold;
    // Lower bits would tell apart what is kept anyway.
    if (found.kept == k) {
      break;
    }
  }
  return threshold;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let b = group.x;
  if (thread == 0u) {
    shared_block = block[b];
    search = Search(0u, 0u);
  }
  let state = workgroupUniformLoad(&shared_block);
  var threshold = 0u;
  if (cuts(state)) {
    threshold = kth_largest(state.top_k, state.row * p.V, thread);
  }
  var best = WORST;
  for (var v = thread; v < p.V; v += THREADS) {
    best = better(best, bid(state, v, threshold));
  }
  bests[thread] = best;
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      bests[thread] = better(bests[thread], bests[thread + half]);
    }
  }
  if (thread == 0u) {
    finish(b, state, bests[0]);
  }
}

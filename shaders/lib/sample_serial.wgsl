// sample, by a thread per sequence, for devices on which barriers are dear
// grid: 4 sequences in x

// As in lib/sample_workgroup.wgsl.
fn kth_largest(k: u32, row: u32) -> u32 {
  var threshold = 0u;
  for (var round = 0u; round < 16u; round++) {
    let candidates = next_candidates(threshold, 30u - 2u * round);
    var counts = vec3u(0u);
    for (var v = 0u; v < p.V; v++) {
      counts += reaching(logits[row + v], candidates);
    }
    // Of a higher candidate no more are kept.
    var kept = 0u;
    for (var digit = 0u; digit < 3u; digit++) {
      if (counts[digit] >= k) {
        threshold = candidates[digit];
        kept = counts[digit];
      }
    }
    if (kept == k) {
      break;
    }
  }
  return threshold;
}

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= p.B) {
    return;
  }
  let state = block[b];
  var threshold = 0u;
  if (cuts(state)) {
    threshold = kth_largest(state.top_k, state.row * p.V);
  }
  var best = WORST;
  for (var v = 0u; v < p.V; v++) {
    best = better(best, bid(state, v, threshold));
  }
  finish(b, state, best);
}

// sample, by a thread per sequence, for devices on which barriers are dear
// grid: 4 sequences in x

fn measure(items: Items, keys: vec3u) -> Reached {
  var sum = Reached();
  if (items.kind == MASS) {
    for (var v = 0u; v < p.V; v++) {
      let own = item_weights(items, v, keys);
      sum = Reached(sum.weights + own.weights, sum.counts + own.counts);
    }
  } else {
    for (var v = 0u; v < p.V; v++) {
      sum.counts += item_counts(items, v, keys);
    }
    sum.weights = vec3f(sum.counts);
  }
  return sum;
}

fn strongest(state: GenerationBlock, candidates: Candidates) -> vec2u {
  var best = WORST;
  for (var v = 0u; v < p.V; v++) {
    best = better(best, bid(state, v, candidates));
  }
  return best;
}

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= p.B) {
    return;
  }
  let state = block[b];
  if (state.repetition_penalty != 1.0) {
    for (var word = 0u; word < seen_words(); word++) {
      penalise(b, state, word);
    }
  }
  finish(b, state, strongest(state, find_candidates(state)));
}

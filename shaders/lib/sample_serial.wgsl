// sample with one thread per sequence, for devices on which barriers are slow
// grid: 4 sequences in x

// For a large vocabulary, weights are summed in pieces of this many tokens, because a long sum would lose small weights to rounding.
const PIECE = 512u;
// A vocabulary of up to this many tokens is summed in one piece, which loses hardly anything.
const SHORT = 2048u;

fn measure(items: Items, keys: vec3u) -> Reached {
  var sum = Reached();
  if (items.kind == MASS) {
    var v = 0u;
    while (v < p.V) {
      let end = select(min(v + PIECE, p.V), p.V, p.V <= SHORT);
      var piece = Reached();
      for (; v < end; v++) {
        let own = item_weights(items, v, keys);
        piece = Reached(piece.weights + own.weights, piece.counts + own.counts);
      }
      sum = Reached(sum.weights + piece.weights, sum.counts + piece.counts);
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

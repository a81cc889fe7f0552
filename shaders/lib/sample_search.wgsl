// Finds the logits that `sample` may draw, for top_k and top_p, by a search for the key of the lowest one; keys are sortable integers.
// A pass over the logits measures, for each of three keys, how many logits (or how much of the probability) have at least this key. The
// search takes at most 16 passes for top_k, 18 for top_p, and 9 more to choose among equal logits if there are up to 2¹⁸ tokens.
// with `measure` and `strongest` of lib/{sample_workgroup, sample_serial}.wgsl

// A search for a threshold (of top_k or top_p) sums the weights of those logits of a row whose key reaches a candidate. Each kind of search
// below says which logits count as items, what their key is, and what their weight is.
const RANK = 0u; // all logits; key: bits that sort as z does; weight: 1
const MASS = 1u; // logits that reach `lowest`; key: as for RANK; weight: e^((z − best) / temperature)
const TIED = 2u; // logits that equal `lowest`; key: higher for a lower v; weight: 1
struct Items { kind: u32, row: u32, lowest: u32, best: f32, temperature: f32 }

// For each of three keys, the weight and the number of the items whose key is at least as high.
struct Reached { weights: vec3f, counts: vec3u }

// A key, with the weight and the number of the items that reach it (whose key is at least as high). weight_above, count_above: the
// weight and the number for the next higher key that was tried.
struct Found { key: u32, weight: f32, count: u32, weight_above: f32, count_above: u32 }

// Makes every logit a candidate: 0 is the lowest key, and no vocabulary has a token above 0xffffffff.
const ALL = Candidates(0u, 0xffffffffu);

fn item_counts(items: Items, v: u32, keys: vec3u) -> vec3u {
  let order = order_key(logits[items.row * p.V + v]);
  let is_item = items.kind == RANK || order == items.lowest;
  let key = select(~v, order, items.kind == RANK);
  return select(vec3u(0u), vec3u(1u), (vec3u(key) >= keys) & vec3<bool>(is_item));
}

fn item_weights(items: Items, v: u32, keys: vec3u) -> Reached {
  let z = logits[items.row * p.V + v];
  let order = order_key(z);
  let reaches = (vec3u(order) >= keys) & vec3<bool>(order >= items.lowest);
  // The difference of infinite logits can be NaN, so it isn't used. The exponent stops at −104, because e^−104 is 0 in f32.
  let is_near = is_finite(z) && is_finite(items.best);
  var weight = select(0.0, exp(max((z - items.best) / items.temperature, -104.0)), is_near);
  weight = select(weight, 1.0, order == order_key(items.best));
  return Reached(select(vec3f(0.0), vec3f(weight), reaches), select(vec3u(0u), vec3u(1u), reaches));
}

// Returns the largest key from low to high for which the items with at least this key weigh `wanted` or more in total. Finds its bits from
// the highest down, two at a time. weight, count: the total weight and the number of all items.
fn search(items: Items, low: u32, high: u32, weight: f32, count: u32, wanted: f32) -> Found {
  // The leading bits that low and high share are shared by all keys between them, and need no search.
  let first = min(countLeadingZeros(low ^ high) / 2u, 15u);
  var found = Found(low & ~(0xffffffffu >> (2u * first)), weight, count, 0.0, 0u);
  for (var round = first; round < 16u; round++) {
    let keys = found.key + (vec3u(1u, 2u, 3u) << vec3u(30u - 2u * round));
    let reached = measure(items, keys);
    // The higher the key, the fewer items reach it: the first key whose items weigh less than `wanted` ends the round.
    for (var digit = 0u; digit < 3u; digit++) {
      if (reached.weights[digit] < wanted) {
        found.weight_above = reached.weights[digit];
        found.count_above = reached.counts[digit];
        break;
      }
      found.key = keys[digit];
      found.weight = reached.weights[digit];
      found.count = reached.counts[digit];
    }
    // The search ends early when all items that reach the key belong to the result, whatever its lower bits are.
    if (found.weight == wanted || found.count - found.count_above == 1u) {
      break;
    }
  }
  // If the loop ended early, the key lacks bits and may be below low.
  found.key = max(found.key, low);
  return found;
}

fn find_candidates(state: GenerationBlock) -> Candidates {
  var candidates = ALL;
  if (state.do_sample == 0u) {
    return candidates;
  }
  if (state.top_k > 0u && state.top_k < p.V) {
    let ranks = Items(RANK, state.row, 0u, 0.0, 1.0);
    candidates.lowest = search(ranks, 0u, 0xffffffffu, f32(p.V), p.V, f32(state.top_k)).key;
  }
  if (state.top_p < 1.0) {
    candidates = nucleus(state, candidates.lowest);
  }
  return candidates;
}

// Top-p: the fewest of the largest logits whose probabilities add up to top_p, among the logits whose key is at least `lowest`. The search
// needs sums that never grow with the key; rounding can't make them grow, because all sums add their items in the same order.
fn nucleus(state: GenerationBlock, lowest: u32) -> Candidates {
  var greedy = state;
  greedy.do_sample = 0u;
  let best = strongest(greedy, ALL);
  let z = logits[state.row * p.V + min(best.y, p.V - 1u)];
  let masses = Items(MASS, state.row, lowest, z, state.temperature);
  let whole = measure(masses, vec3u(lowest));
  // The largest logit weighs 1, and is always a candidate.
  let wanted = max(state.top_p * whole.weights.x, 1e-30);
  let found = search(masses, lowest, best.x, whole.weights.x, whole.counts.x, wanted);
  // The number of items whose key is exactly the found one: their logits are equal, and perhaps only some of them are candidates.
  let equals = found.count - found.count_above;
  if (found.weight == wanted || equals <= 1u) {
    return Candidates(found.key, ALL.last_token);
  }
  let share = (wanted - found.weight_above) / (found.weight - found.weight_above);
  let kept = max(ceil(share * f32(equals)), 1.0);
  if (kept >= f32(equals)) {
    return Candidates(found.key, ALL.last_token);
  }
  let places = Items(TIED, state.row, found.key, 0.0, 1.0);
  return Candidates(found.key, ~search(places, ~(p.V - 1u), ~0u, f32(equals), equals, kept).key);
}

// sample: the next token of each sequence b, from z = logits[row]; then the block moves on by one token
//   do_sample = 0: argmax_v z[v]
//   do_sample = 1: argmax_v z[v] / temperature + Gumbel(seed, position, b, v) over the top_k largest z and all that
//   equal the last of them: a draw from softmax(z / temperature) among those
// of equals, the lowest v wins
// logits: (≥ B, V)   block: (B)   ids, positions: (B), the token and its position   history: (B, S), at [b, count]
// grid: one workgroup per sequence b; its threads stride over v
// with lib/generation_block.wgsl, lib/philox.wgsl, lib/gumbel.wgsl
struct Params { B: u32, V: u32, S: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> block: array<GenerationBlock>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> history: array<u32>;

const THREADS = 256u;
// The stream of src/core/rng.ts whose numbers are for sampling.
const SAMPLE_STREAM = 3u;

struct Search { threshold: u32, kept: u32 }
var<workgroup> shared_block: GenerationBlock;
var<workgroup> search: Search;
var<workgroup> counts: array<atomic<u32>, 3>;
// Key and v of the best so far.
var<workgroup> bests: array<vec2u, THREADS>;

// Unsigned integers in the order of the numbers; both zeros are equal.
fn order_key(x: f32) -> u32 {
  let bits = select(bitcast<u32>(x), 0u, x == 0.0);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// A key that exactly the k largest logits reach, and their equals: built from the top, two bits at a time, by counting
// the logits that reach each of the three next candidates.
fn kth_largest(k: u32, row: u32, thread: u32) -> u32 {
  var threshold = 0u;
  for (var round = 0u; round < 16u; round++) {
    let shift = 30u - 2u * round;
    let candidates = threshold + (vec3u(1u, 2u, 3u) << vec3u(shift));
    if (thread < 3u) {
      atomicStore(&counts[thread], 0u);
    }
    workgroupBarrier();
    var reached = vec3u(0u);
    for (var v = thread; v < p.V; v += THREADS) {
      reached += select(vec3u(0u), vec3u(1u), vec3u(order_key(logits[row + v])) >= candidates);
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

fn better(a: vec2u, b: vec2u) -> vec2u {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let b = group.x;
  if (thread == 0u) {
    shared_block = block[b];
    search = Search(0u, 0u);
  }
  let state = workgroupUniformLoad(&shared_block);
  let row = state.row * p.V;
  let draw = state.do_sample != 0u;
  var threshold = 0u;
  if (draw && state.top_k > 0u && state.top_k < p.V) {
    threshold = kth_largest(state.top_k, row, thread);
  }

  var best = vec2u(0u, 0xffffffffu);
  for (var v = thread; v < p.V; v += THREADS) {
    let z = logits[row + v];
    if (order_key(z) < threshold) {
      continue;
    }
    var score = z;
    if (draw) {
      let counter = vec4u(v, b, state.position, SAMPLE_STREAM);
      score = z / state.temperature + gumbel(philox4x32(counter, vec2u(state.seed_low, state.seed_high)).x);
    }
    best = better(best, vec2u(order_key(score), v));
  }
  bests[thread] = best;
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      bests[thread] = better(bests[thread], bests[thread + half]);
    }
  }
  if (thread == 0u) {
    // Logits that are all NaN have no best.
    let token = min(bests[0].y, p.V - 1u);
    ids[b] = token;
    positions[b] = state.position;
    if (state.count < p.S) {
      history[b * p.S + state.count] = token;
    }
    block[b].position = state.position + 1u;
    block[b].count = state.count + 1u;
    // A decoding step has one row per sequence.
    block[b].row = b;
  }
}

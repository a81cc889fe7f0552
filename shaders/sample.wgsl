// sample: the next token of each sequence b, from z = logits[row]; then the block moves on by one token
//   do_sample = 0: argmax_v z[v]
//   do_sample = 1: argmax_v z[v] / temperature + Gumbel(seed, position, v) over the top_k largest z and all that equal
//   the last of them: a draw from softmax(z / temperature) among those
// of equals, the lowest v wins
// logits: (≥ B, V)   block: (B)   ids, positions: (B), the token and its position   history: (B, S), at [b, count]
// grid: see the lib file
// with lib/{generation_block, philox, gumbel}.wgsl and one of lib/{sample_workgroup, sample_serial}.wgsl
struct Params { B: u32, V: u32, S: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> block: array<GenerationBlock>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> history: array<u32>;

// The stream of src/core/rng.ts whose numbers are for sampling.
const SAMPLE_STREAM = 3u;

// A key and its token.
const WORST = vec2u(0u, 0xffffffffu);

// Unsigned integers in the order of the numbers; both zeros are equal.
fn order_key(x: f32) -> u32 {
  let bits = select(bitcast<u32>(x), 0u, x == 0.0);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn better(a: vec2u, b: vec2u) -> vec2u {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

// Whether only some of the logits may be drawn.
fn cuts(state: GenerationBlock) -> bool {
  return state.do_sample != 0u && state.top_k > 0u && state.top_k < p.V;
}

// How many logits a lane that sees z adds to those that reach each of three keys.
fn reaching(z: f32, candidates: vec3u) -> vec3u {
  return select(vec3u(0u), vec3u(1u), vec3u(order_key(z)) >= candidates);
}

// The three next keys at bits shift and shift + 1.
fn next_candidates(threshold: u32, shift: u32) -> vec3u {
  return threshold + (vec3u(1u, 2u, 3u) << vec3u(shift));
}

// What token v bids for its place; logits below the threshold don't.
fn bid(state: GenerationBlock, v: u32, threshold: u32) -> vec2u {
  let z = logits[state.row * p.V + v];
  if (order_key(z) < threshold) {
    return WORST;
  }
  if (state.do_sample == 0u) {
    return vec2u(order_key(z), v);
  }
  let counter = vec4u(v, 0u, state.position, SAMPLE_STREAM);
  let noise = gumbel(philox4x32(counter, vec2u(state.seed_low, state.seed_high)).x);
  return vec2u(order_key(z / state.temperature + noise), v);
}

fn finish(b: u32, state: GenerationBlock, best: vec2u) {
  // Logits that are all NaN have no best.
  let token = min(best.y, p.V - 1u);
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

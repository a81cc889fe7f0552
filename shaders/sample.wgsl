// sample: the next token of each sequence b, from z = logits[row]; then advances block[b], the state of the sequence, by one token
//   repetition_penalty: for tokens in the text, z below 0 is multiplied by the penalty, other z are divided by it
//   do_sample = 0: argmax_v z[v]
//   do_sample = 1: argmax_v z[v] / temperature + Gumbel(seed, position, v) over the candidates: a draw from
//   softmax(z / temperature) among those. Candidates are the top_k largest z and all that equal the smallest of them;
//   among these, the smallest set of the largest z that has top_p of their probability
// among equal values, the lowest v wins
// logits: (≥ B, V), changed by the penalty   block: (B)   ids, positions: (B), the token and its position
// history: (B, S), receives the token at [b, count]   seen: (B, ⌈V/32⌉), whether the text has v: bit v mod 32 of word ⌊v/32⌋
// grid: see lib/sample_*.wgsl
// with lib/{generation_block, sample_search, philox, gumbel, is_finite}.wgsl and one of lib/{sample_workgroup, sample_serial}.wgsl
struct Params { B: u32, V: u32, S: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> block: array<GenerationBlock>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> history: array<u32>;
@group(0) @binding(6) var<storage, read_write> seen: array<u32>;

// The random stream for sampling, as in src/core/numbers/rng.ts.
const SAMPLE_STREAM = 3u;

// A bid is a sortable key with its token; the highest key wins. This bid loses to every other.
const WORST = vec2u(0u, 0xffffffffu);

// The logits that may be drawn: those whose key is above `lowest`, and those whose key equals it, up to the token `last_token`.
struct Candidates { lowest: u32, last_token: u32 }

// Maps a float to an unsigned integer that sorts like the float; both zeros are equal.
fn order_key(x: f32) -> u32 {
  let bits = select(bitcast<u32>(x), 0u, x == 0.0);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn better(a: vec2u, b: vec2u) -> vec2u {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

fn seen_words() -> u32 {
  return (p.V + 31u) / 32u;
}

// Applies the repetition penalty to those of 32 tokens that occur in the text.
fn penalise(b: u32, state: GenerationBlock, word: u32) {
  var bits = seen[b * seen_words() + word];
  while (bits != 0u) {
    let at = state.row * p.V + 32u * word + countTrailingZeros(bits);
    let z = logits[at];
    logits[at] = select(z / state.repetition_penalty, z * state.repetition_penalty, z < 0.0);
    bits &= bits - 1u;
  }
}

// The bid of token v: its key and v. Tokens that aren't candidates bid WORST.
fn bid(state: GenerationBlock, v: u32, candidates: Candidates) -> vec2u {
  let z = logits[state.row * p.V + v];
  let key = order_key(z);
  if (key < candidates.lowest || (key == candidates.lowest && v > candidates.last_token)) {
    return WORST;
  }
  if (state.do_sample == 0u) {
    return vec2u(key, v);
  }
  let counter = vec4u(v, 0u, state.position, SAMPLE_STREAM);
  let noise = gumbel(philox4x32(counter, vec2u(state.seed_low, state.seed_high)).x);
  return vec2u(order_key(z / state.temperature + noise), v);
}

fn finish(b: u32, state: GenerationBlock, best: vec2u) {
  // If logits are NaN, there may be no candidate, and best.y is too large.
  let token = min(best.y, p.V - 1u);
  ids[b] = token;
  positions[b] = state.position;
  if (state.count < p.S) {
    history[b * p.S + state.count] = token;
  }
  seen[b * seen_words() + token / 32u] |= 1u << (token % 32u);
  block[b].position = state.position + 1u;
  block[b].count = state.count + 1u;
  // In the following decoding step, the logits have one row per sequence.
  block[b].row = b;
}

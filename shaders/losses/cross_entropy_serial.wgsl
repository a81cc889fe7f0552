// cross_entropy_serial: cross_entropy for devices on which barriers are slow:
// the same loss and gradient as cross_entropy.wgsl, row by row
// logits: (count, V)   targets, losses: (≥ start + count)
// grid: one thread per row i
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/step_block.wgsl
struct Params { start: u32, count: u32, V: u32, has_gradient: u32, smoothing: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<Word>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> block: StepBlock;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;

// A long row is summed in pieces of this many words, because adding small numbers to a large sum loses their digits.
const PIECE = 128u;
// A row of up to this many words is summed in one piece, which loses hardly anything.
const SHORT = 512u;

// The end of the piece that begins at word `first`.
fn end_of_piece(first: u32, width: u32) -> u32 {
  return select(min(first + PIECE, width), width, width <= SHORT);
}

// Σ e^(z − largest) of the words of a row.
fn sum_of_powers(row: u32, width: u32, largest: f32) -> f32 {
  var sums = Word();
  var v = 0u;
  while (v < width) {
    let end = end_of_piece(v, width);
    var piece = Word();
    for (; v < end; v++) {
      piece += exp(logits[row + v] - largest);
    }
    sums += piece;
  }
  return word_sum(sums);
}

// Sums how far each logit of a row lies below the largest.
fn sum_below(row: u32, width: u32, largest: f32) -> f32 {
  var sums = Word();
  var v = 0u;
  while (v < width) {
    let end = end_of_piece(v, width);
    var piece = Word();
    for (; v < end; v++) {
      piece += largest - logits[row + v];
    }
    sums += piece;
  }
  return word_sum(sums);
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.count) {
    return;
  }
  let n = p.start + id.x;
  let width = p.V / WIDTH;
  let row = id.x * width;
  let labelled = n < block.labelled;
  let target_id = min(targets[n], p.V - 1u);
  var maxima = Word(-1e30);
  for (var v = 0u; v < width; v++) {
    maxima = max(maxima, logits[row + v]);
  }
  let largest = word_max(maxima);
  let sum = sum_of_powers(row, width, largest);
  var below = largest - word_at(logits[row + target_id / WIDTH], target_id % WIDTH);
  if (p.smoothing > 0.0) {
    below = (1.0 - p.smoothing) * below + p.smoothing * sum_below(row, width, largest) / f32(p.V);
  }
  losses[n] = select(0.0, below + log(sum), labelled);
  if (p.has_gradient == 0u) {
    return;
  }
  let elsewhere = p.smoothing / f32(p.V);
  for (var v = 0u; v < width; v++) {
    let softmax = exp(logits[row + v] - largest) / sum;
    let wanted = elsewhere + (1.0 - p.smoothing) * word_unit(target_id - v * WIDTH);
    let gradient = (softmax - wanted) * block.inverse_tokens;
    logits[row + v] = select(Word(), gradient, labelled);
  }
}

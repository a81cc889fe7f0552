// cross_entropy_serial: cross_entropy for devices on which barriers are dear:
// the same loss and gradient as cross_entropy.wgsl, row by row
// logits: (count, V)   targets, losses: (≥ start + count)
// grid: one thread per row i
// with lib/step_block.wgsl
struct Params { start: u32, count: u32, V: u32, has_gradient: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> block: StepBlock;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.count) {
    return;
  }
  let n = p.start + id.x;
  let row = id.x * p.V;
  let labelled = n < block.labelled;
  let target_id = min(targets[n], p.V - 1u);
  var largest = -1e30;
  for (var v = 0u; v < p.V; v++) {
    largest = max(largest, logits[row + v]);
  }
  var sum = 0.0;
  for (var v = 0u; v < p.V; v++) {
    sum += exp(logits[row + v] - largest);
  }
  losses[n] = select(0.0, largest - logits[row + target_id] + log(sum), labelled);
  if (p.has_gradient == 0u) {
    return;
  }
  for (var v = 0u; v < p.V; v++) {
    let softmax = exp(logits[row + v] - largest) / sum;
    let gradient = (softmax - select(0.0, 1.0, v == target_id)) * block.inverse_tokens;
    logits[row + v] = select(0.0, gradient, labelled);
  }
}

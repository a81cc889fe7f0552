// squared_error: for the rows i of a chunk, n = start + i:
//   losses[n] = mean_v (logits[i,v] − targets[n,v])²
//   logits[i,v] = 2 · (logits[i,v] − targets[n,v]) / V · inverse_tokens, the gradient of the mean loss, if has_gradient
// rows n ≥ labelled are padding: their loss and their gradient are 0
// logits: (count, V)   targets: (≥ start + count, V)   losses: (≥ start + count)
// grid: one thread per row i, as V is small; folded into x and y
// with lib/step_block.wgsl, lib/flat_index.wgsl
struct Params { start: u32, count: u32, V: u32, has_gradient: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> block: StepBlock;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(id, groups);
  if (i >= p.count) {
    return;
  }
  let n = p.start + i;
  let labelled = n < block.labelled;
  let scale = 2.0 / f32(p.V) * block.inverse_tokens;
  var sum = 0.0;
  for (var v = 0u; v < p.V; v++) {
    let error = logits[i * p.V + v] - targets[n * p.V + v];
    sum += error * error;
    if (p.has_gradient != 0u) {
      logits[i * p.V + v] = select(0.0, error * scale, labelled);
    }
  }
  losses[n] = select(0.0, sum / f32(p.V), labelled);
}

// binary_cross_entropy_with_logits: for the rows i of a chunk, n = start + i, z = logits[i], t = targets[n]:
//   losses[n] = mean_v ln(1 + e^z[v]) − t[v] · z[v]
//   logits[i,v] = (1 / (1 + e^−z[v]) − t[v]) / V · inverse_tokens, the gradient of the mean loss, if has_gradient
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

// ln(1 + e) for e from 0 to 1, to f32's precision even where 1 + e loses digits of e.
fn log_of_one_more(e: f32) -> f32 {
  let series = e * (1.0 - e * (1.0 / 2.0 - e * (1.0 / 3.0 - e * (1.0 / 4.0 - e / 5.0))));
  return select(log(1.0 + e), series, e < 0.0625);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(id, groups);
  if (i >= p.count) {
    return;
  }
  let n = p.start + i;
  let labelled = n < block.labelled;
  let scale = block.inverse_tokens / f32(p.V);
  var sum = 0.0;
  for (var v = 0u; v < p.V; v++) {
    let z = logits[i * p.V + v];
    let wanted = targets[n * p.V + v];
    // The exponent is never positive, so that exp never overflows. Targets are mostly 0 or 1, with which the sum loses no digits.
    let e = exp(-abs(z));
    sum += log_of_one_more(e) + select(-wanted * z, (1.0 - wanted) * z, z >= 0.0);
    if (p.has_gradient != 0u) {
      let sigmoid = select(e, 1.0, z >= 0.0) / (1.0 + e);
      logits[i * p.V + v] = select(0.0, (sigmoid - wanted) * scale, labelled);
    }
  }
  losses[n] = select(0.0, sum / f32(p.V), labelled);
}

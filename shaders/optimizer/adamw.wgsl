// adamw: torch.optim.AdamW after clip_grad_norm_. With norm = √Σ partials, c = min(1, max_grad_norm / (norm + 1e-6))
// (1 if max_grad_norm is 0), d = c · grads[i], the step block's learning rate times `rate`, and its bias corrections, for
// the P elements from `first` on:
//   parameters[i] *= 1 − learning_rate · weight_decay
//   m[i] += (d − m[i]) · (1 − β₁),  v[i] = β₂ · v[i] + (1 − β₂) · d²
//   parameters[i] −= learning_rate / bias_correction1 · m[i] / (√v[i] / √bias_correction2 + epsilon)
//   where that is finite: 0 / 0 (no epsilon, no gradient) or an overflow leaves the parameter unchanged
//   grads[i] = 0, always: the next step's gradients accumulate from 0
// If stats.loss or norm isn't finite, or stats.nonfinite is set already: stats.nonfinite = 1, and parameters, m and v are unchanged.
// parameters, m, v, grads: (≥ first + P)   partials: (K), from grad_norm
// grid: up to 256 workgroups; the threads of all of them stride over i together
// with lib/step_block.wgsl, lib/stats.wgsl, lib/is_finite.wgsl, lib/one_thread_sum.wgsl
struct Params {
  P: u32,
  K: u32,
  beta2: f32,
  one_minus_beta1: f32, // computed by the host, because 1 − f32(β) loses digits
  one_minus_beta2: f32,
  epsilon: f32,
  weight_decay: f32,
  max_grad_norm: f32,
  first: u32,
  rate: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> block: StepBlock;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;
@group(0) @binding(6) var<storage, read_write> grads: array<f32>;
@group(0) @binding(7) var<storage, read_write> stats: Stats;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  // Every workgroup computes the norm and decides for itself whether to update. All add in the same order, so all decide alike.
  var squares = 0.0;
  for (var k = thread; k < p.K; k += THREADS) {
    squares += partials[k];
  }
  let sum = workgroup_sum(squares, thread);
  let norm = sqrt(sum);
  // The first workgroup may store the flag before another one loads it. The other then reads the decision instead
  // of making it. No workgroup reads the other values that the first one stores. The norm is finite if the sum is; the sum is
  // checked, because it is read from memory: a compiler may assume that the result of a function such as sqrt is finite.
  let update = atomicLoad(&stats.nonfinite) == 0u && is_finite(stats.loss) && is_finite(sum);
  if (group.x == 0u && thread == 0u) {
    atomicStore(&stats.nonfinite, select(1u, 0u, update));
    stats.grad_norm = norm;
    stats.step = block.step;
  }

  let clip = select(min(1.0, p.max_grad_norm / (norm + 1e-6)), 1.0, p.max_grad_norm == 0.0);
  let root_correction2 = sqrt(block.bias_correction2);
  let learning_rate = block.learning_rate * p.rate;
  let decay = 1.0 - learning_rate * p.weight_decay;
  let step_size = learning_rate / block.bias_correction1;
  for (var i = p.first + group.x * THREADS + thread; i < p.first + p.P; i += groups.x * THREADS) {
    if (update) {
      let d = clip * grads[i];
      let mean = m[i] + (d - m[i]) * p.one_minus_beta1;
      let square = p.beta2 * v[i] + p.one_minus_beta2 * d * d;
      m[i] = mean;
      v[i] = square;
      let next = parameters[i] * decay - step_size * mean / (sqrt(square) / root_correction2 + p.epsilon);
      if (is_finite(next)) {
        parameters[i] = next;
      }
    }
    grads[i] = 0.0;
  }
}

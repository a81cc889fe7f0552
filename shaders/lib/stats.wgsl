// The results of a step for the host; src/train/steps/step_block.ts unpacks it.
struct Stats {
  loss: f32,              // the mean over the labelled tokens of the step, summed up by its micro-batches
  grad_norm: f32,         // before clipping
  nonfinite: atomic<u32>, // 1 from the first step whose loss or norm isn't finite, until the host clears it
  step: u32,              // the `step` of the last step block
  metrics: array<f32, 8>, // further means that some losses report, summed up in the same way as `loss`
}

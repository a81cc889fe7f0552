// mixed_loss_sum: loss_sum over the losses of one adapter's batch rows:
//   stats.loss = (0 if micro_step is 0, else stats.loss) + inverse_tokens · Σ_n losses[n] over n < labelled with which[rows[n] / T] = adapter
// losses: (L)   rows: (L), the token of each loss   which: the adapter of each batch row of T tokens   block, stats: the adapter's own
// grid: one workgroup; its threads stride over n
// with lib/step_block.wgsl, lib/stats.wgsl, lib/one_thread_sum.wgsl
struct Params { L: u32, T: u32, adapter_index: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> which: array<u32>;
@group(0) @binding(4) var<storage, read> block: StepBlock;
@group(0) @binding(5) var<storage, read_write> stats: Stats;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var losses_of_thread = 0.0;
  for (var n = thread; n < min(block.labelled, p.L); n += THREADS) {
    if (which[rows[n] / p.T] == p.adapter_index) {
      losses_of_thread += losses[n];
    }
  }
  let loss = workgroup_sum(losses_of_thread, thread) * block.inverse_tokens;
  if (thread == 0u) {
    stats.loss = select(stats.loss + loss, loss, block.micro_step == 0u);
  }
}

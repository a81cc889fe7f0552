// loss_sum: stats.loss = (0 if micro_step is 0, else stats.loss) + inverse_tokens · Σ_n losses[n] over n < labelled
// losses: (N); entries from `labelled` on may hold anything
// grid: one workgroup; its threads stride over n
// with lib/step_block.wgsl, lib/stats.wgsl, lib/one_thread_sum.wgsl
struct Params { N: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read> block: StepBlock;
@group(0) @binding(3) var<storage, read_write> stats: Stats;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var losses_of_thread = 0.0;
  for (var n = thread; n < min(block.labelled, p.N); n += THREADS) {
    losses_of_thread += losses[n];
  }
  let loss = workgroup_sum(losses_of_thread, thread) * block.inverse_tokens;
  if (thread == 0u) {
    stats.loss = select(stats.loss + loss, loss, block.micro_step == 0u);
  }
}

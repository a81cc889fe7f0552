// metric_sums: stats.metrics[k] = (0 if micro_step is 0, else stats.metrics[k]) + inverse_tokens · Σ_n metrics[n,k]
// metrics: (N,K), K ≤ 8
// grid: one workgroup; a thread per k
// with lib/step_block.wgsl, lib/stats.wgsl
struct Params { N: u32, K: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> metrics: array<f32>;
@group(0) @binding(2) var<storage, read> block: StepBlock;
@group(0) @binding(3) var<storage, read_write> stats: Stats;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) k: u32) {
  if (k >= p.K) {
    return;
  }
  var sum = 0.0;
  for (var n = 0u; n < p.N; n++) {
    sum += metrics[n * p.K + k];
  }
  let mean = sum * block.inverse_tokens;
  stats.metrics[k] = select(stats.metrics[k] + mean, mean, block.micro_step == 0u);
}

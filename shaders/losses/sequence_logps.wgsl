// sequence_logps: logps[b] = −Σ_n losses[n] over sequences[b,0] ≤ n < sequences[b,1]
// losses: (L), each −ln p of a token   sequences: (B,2)   logps: (B)
// grid: one workgroup per sequence b; its threads stride over n
// with lib/one_thread_sum.wgsl
struct Params { B: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read> sequences: array<u32>;
@group(0) @binding(3) var<storage, read_write> logps: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let b = group.x;
  var of_thread = 0.0;
  for (var n = sequences[2u * b] + thread; n < sequences[2u * b + 1u]; n += THREADS) {
    of_thread += losses[n];
  }
  let sum = workgroup_sum(of_thread, thread);
  if (thread == 0u) {
    logps[b] = -sum;
  }
}

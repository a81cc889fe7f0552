// grad_norm: partials[k] = Σ grads[i]² over the i of workgroup k, + before[k]; adamw sums the partials and takes the square root.
// `before`: the partials of a pool of gradients that was summed earlier, so that one norm covers several pools
// grads: (P)   before, partials: (K); `before` is left out when has_before is 0
// grid: K workgroups; the threads of all of them stride over i together
// with lib/one_thread_sum.wgsl
struct Params { P: u32, K: u32, has_before: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grads: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  var squares = 0.0;
  for (var i = group.x * THREADS + thread; i < p.P; i += p.K * THREADS) {
    squares += grads[i] * grads[i];
  }
  let sum = workgroup_sum(squares, thread);
  if (thread == 0u) {
    partials[group.x] = sum + select(0.0, before[group.x], p.has_before != 0u);
  }
}

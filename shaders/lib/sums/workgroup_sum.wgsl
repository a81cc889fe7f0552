// Sums one value per thread of a workgroup, in a fixed order, and returns the sum to every thread.
const THREADS = 64u;
var<workgroup> partial_sums: array<f32, THREADS>;

fn workgroup_sum(value: f32, thread: u32) -> f32 {
  partial_sums[thread] = value;
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      partial_sums[thread] += partial_sums[thread + half];
    }
  }
  workgroupBarrier();
  let sum = partial_sums[0];
  // All threads must have read partial_sums[0], because the next call overwrites it.
  workgroupBarrier();
  return sum;
}

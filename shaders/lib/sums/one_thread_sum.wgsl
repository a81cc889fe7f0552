// Sums one value per thread of a workgroup, in a fixed order, and returns the sum to every thread. One thread adds up all
// values: for sums that a step needs only once, more barriers would take longer to compile and to run than these additions.
const THREADS = 64u;
var<workgroup> values_of_threads: array<f32, THREADS>;
var<workgroup> sum_of_threads: f32;

fn workgroup_sum(value: f32, thread: u32) -> f32 {
  values_of_threads[thread] = value;
  workgroupBarrier();
  if (thread == 0u) {
    var sum = 0.0;
    for (var i = 0u; i < THREADS; i++) {
      sum += values_of_threads[i];
    }
    sum_of_threads = sum;
  }
  workgroupBarrier();
  return sum_of_threads;
}

// Sums the values of each row of a matrix, with one workgroup per row, folded into x and y, whose threads stride over the columns. The
// kernel defines the values (square), and stores the total (finish).
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let m = group.y * groups.x + group.x;
  var squares = 0.0;
  if (m < p.M) {
    for (var k = thread; k < p.K; k += THREADS) {
      squares += square(m, k);
    }
  }
  let total = workgroup_sum(squares, thread);
  if (thread == 0u && m < p.M) {
    finish(m, total);
  }
}

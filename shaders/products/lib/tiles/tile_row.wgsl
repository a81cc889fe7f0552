// Tile of up to 4 rows × 4 columns for 64 threads. They divide K among them, and add up their sums at the end.
// grid: 4 columns a workgroup, folded into x and y
// with lib/few_rows.wgsl
const THREADS = 64u;
var<workgroup> partial_rows: array<vec4f, 256>; // 4 rows × 64 threads

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = (group.y * groups.x + group.x) * 4u;
  let low = low_rows(column, thread * 4u, THREADS * 4u);
  let c = add_parts(low, vec3u(0u, column / SIDE, 0u), vec3u(thread, 0u, 0u));
  partial_rows[thread] = c[0];
  partial_rows[THREADS + thread] = c[1];
  partial_rows[2u * THREADS + thread] = c[2];
  partial_rows[3u * THREADS + thread] = c[3];
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      for (var row = 0u; row < rows(); row++) {
        partial_rows[row * THREADS + thread] += partial_rows[row * THREADS + thread + half];
      }
    }
  }
  if (thread == 0u) {
    finish(0u, column, mat4x4f(
      partial_rows[0],
      partial_rows[THREADS],
      partial_rows[2u * THREADS],
      partial_rows[3u * THREADS],
    ));
  }
}

fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_rows(part, before, group.y * SIDE, thread.x * 4u, THREADS * 4u);
}

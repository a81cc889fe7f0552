// Tile of up to 4 rows × 4 columns for each thread.
// grid: 64 columns a workgroup, folded into x and y
// with lib/few_rows.wgsl
@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
) {
  let columns4 = (group.y * groups.x + group.x) * 16u + thread.x;
  let column = columns4 * 4u;
  if (column < columns()) {
    finish(0u, column, add_parts(low_rows(column, 0u, 4u), vec3u(0u, columns4, 0u), thread));
  }
}

fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_rows(part, before, group.y * SIDE, 0u, 4u);
}

// Tile of 32 × 32 results for 8 × 8 threads, with operands in workgroup memory. Each thread computes one 4 × 4 block. For results
// with too few tiles of 64 × 64 to keep a GPU busy, and for GPUs with few registers.
// grid: 32 rows in x, 32 columns in y
// with lib/tile_workgroup_small.wgsl or lib/tile_f16_small.wgsl
alias Sums = mat4x4f;
const SIDE = 32u;
const STAGE_LINE = 8u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * SIDE + thread.y * 4u;
  let column = group.y * SIDE + thread.x * 4u;
  var c = mat4x4f();
  if (low_inner() > 0u) {
    c = scale_columns(add_low(c, group, thread), low_scale(column));
  }
  finish(row, column, add_parts(c, group, thread));
  finish_tile(group, thread.y * 8u + thread.x);
}

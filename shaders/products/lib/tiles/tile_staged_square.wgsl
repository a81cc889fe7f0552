// Tile of 64 × 64 results for 8 × 8 threads, with operands in workgroup memory. Each thread computes four 4 × 4 blocks.
// grid: 64 rows in x, 64 columns in y
// with lib/square.wgsl, and lib/tile_workgroup.wgsl or lib/tile_f16.wgsl
const SIDE = 64u;
// A line in workgroup memory: 16 vectors, and one of padding, which spreads writes over more memory banks.
const STAGE_LINE = 17u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * SIDE + thread.y * 4u;
  let column = group.y * SIDE + thread.x * 4u;
  var c = Square();
  if (low_inner() > 0u) {
    c = scale_square(add_low(c, group, thread), low_scale(column), low_scale(column + 32u));
  }
  c = add_parts(c, group, thread);
  finish_square(row, column, c);
  finish_tile(group, thread.y * 8u + thread.x);
}

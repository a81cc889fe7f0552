// Tile of 32 × 32 results for 8 × 8 threads, a block for each, multiplied in f16 and summed in f32: for results with too few tiles
// of tile_f16 to keep a GPU busy. The workgroup reads 64 of K at a time into workgroup memory. Comes first, as tile_f16.
// grid: 32 rows in x, 32 columns in y
// with lib/tile_stage_f16.wgsl
enable f16;

alias Sums = mat4x4f;
const SIDE = 32u;
const STEP = 64u;
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
}

fn add_staged(before: mat4x4f, thread: vec3u) -> mat4x4f {
  var c = before;
  workgroupBarrier();
  for (var run = 0u; run < RUNS; run++) {
    var sums = outer_pair_f16(staged[run][0][thread.y], staged[RUNS + run][0][thread.x]);
    sums = add_outer_pair_f16(sums, staged[run][1][thread.y], staged[RUNS + run][1][thread.x]);
    sums = add_outer_pair_f16(sums, staged[run][2][thread.y], staged[RUNS + run][2][thread.x]);
    sums = add_outer_pair_f16(sums, staged[run][3][thread.y], staged[RUNS + run][3][thread.x]);
    c = add_in_units(c, sums, left_units[run][thread.y], right_units[run][thread.x]);
  }
  workgroupBarrier();
  return c;
}

// Tile of 32 × 32 results for 8 × 8 threads, a block for each: for results with too few tiles of 64 × 64 to keep a GPU
// busy. The workgroup reads 32 of K at a time into workgroup memory.
// grid: 32 rows in x, 32 columns in y
// with lib/tile_stage.wgsl
alias Sums = mat4x4f;
const SIDE = 32u;
const STEP = 32u;
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

// Neighbouring threads stage adjacent blocks, so that their writes go to different banks.
fn staged_by(thread: vec3u) -> Staged {
  return Staged(thread.x, thread.y);
}

fn add_staged(before: mat4x4f, thread: vec3u) -> mat4x4f {
  var c = before;
  workgroupBarrier();
  for (var four = 0u; four < STEP / 4u; four++) {
    c = add_line(c, four, 0u, thread);
    c = add_line(c, four, 1u, thread);
    c = add_line(c, four, 2u, thread);
    c = add_line(c, four, 3u, thread);
  }
  workgroupBarrier();
  return c;
}

fn add_line(c: mat4x4f, four: u32, line: u32, thread: vec3u) -> mat4x4f {
  return add_outer(c, left_stage[four][line][thread.y], right_stage[four][line][thread.x]);
}

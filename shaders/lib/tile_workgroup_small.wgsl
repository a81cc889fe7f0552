// Tile of 32 × 32 results for 8 × 8 threads, a block for each: for results that have too few tiles of 64 × 64 to keep a
// GPU busy. The workgroup reads 32 of K at a time into workgroup memory, every thread one block of each operand.
// grid: 32 rows in x, 32 columns in y
// with lib/tile_stage.wgsl
alias Sums = mat4x4f;
const STEP = 32u;
const STAGE_LINE = 8u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  // Neighbours stage what lies side by side, which spreads their writes over all banks.
  let staged_k = thread.y * 4u;
  let at = staged_k * STAGE_LINE + thread.x;
  let column = group.y * 32u + thread.x * 4u;
  var c = mat4x4f();
  if (low_inner() > 0u) {
    let left = low_left_begin(group.x * 32u + thread.x * 4u);
    let right = low_right_begin(column);
    for (var k = 0u; k < low_inner(); k += STEP) {
      if (k + staged_k < low_inner()) {
        stage(at, low_left_block(left, k + staged_k), low_right_block(right, k + staged_k));
      } else {
        stage(at, mat4x4f(), mat4x4f());
      }
      c = add_staged(c, thread);
    }
    c = scale_columns(c, low_scale(column));
  }
  finish(group.x * 32u + thread.y * 4u, column, add_parts(c, group, thread));
}

fn add_part(part: u32, before: mat4x4f, group: vec3u, thread: vec3u) -> mat4x4f {
  let staged_k = thread.y * 4u;
  let at = staged_k * STAGE_LINE + thread.x;
  let left = left_begin(part, group.x * 32u + thread.x * 4u);
  let right = right_begin(part, group.y * 32u + thread.x * 4u);
  var c = before;
  let end = k_end(part, group);
  for (var k = k_begin(group); k < end; k += STEP) {
    if (k + staged_k < end) {
      stage(at, left_block(part, left, k + staged_k), right_block(part, right, k + staged_k));
    } else {
      stage(at, mat4x4f(), mat4x4f());
    }
    c = add_staged(c, thread);
  }
  return c;
}

fn add_staged(before: mat4x4f, thread: vec3u) -> mat4x4f {
  var c = before;
  workgroupBarrier();
  for (var k = 0u; k < STEP; k++) {
    c = add_outer(c, left_stage[k * STAGE_LINE + thread.y], right_stage[k * STAGE_LINE + thread.x]);
  }
  workgroupBarrier();
  return c;
}

// Tile of 64 × 64 results for 8 × 8 threads. Each holds four blocks. The workgroup reads 16 of K at a time into
// workgroup memory, every thread one block of each operand.
// grid: 64 rows in x, 64 columns in y
// with lib/{quad, tile_stage}.wgsl
const STEP = 16u;
// A line of 16 vectors and one more, which spreads the writes over more banks.
const STAGE_LINE = 17u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  // The block that this thread stages: four neighbours read on along K, the next four a block further.
  let index = thread.y * 8u + thread.x;
  let staged = index / 4u;
  let staged_k = index % 4u * 4u;
  let at = staged_k * STAGE_LINE + staged;
  var c = Quad();
  if (low_inner() > 0u) {
    let left = low_left_begin(group.x * 64u + staged * 4u);
    let right = low_right_begin(group.y * 64u + staged * 4u);
    for (var k = 0u; k < low_inner(); k += STEP) {
      if (k + staged_k < low_inner()) {
        stage(at, low_left_block(left, k + staged_k), low_right_block(right, k + staged_k));
      } else {
        stage(at, mat4x4f(), mat4x4f());
      }
      c = add_staged(c, thread);
    }
    c = scale_quad(c, low_scale(column), low_scale(column + 32u));
  }
  c = add_parts(c, group, thread);
  finish_quad(row, column, c);
  finish_tile(group, index);
}

fn add_part(part: u32, before: Quad, group: vec3u, thread: vec3u) -> Quad {
  let index = thread.y * 8u + thread.x;
  let staged = index / 4u;
  let staged_k = index % 4u * 4u;
  let at = staged_k * STAGE_LINE + staged;
  let left = left_begin(part, group.x * 64u + staged * 4u);
  let right = right_begin(part, group.y * 64u + staged * 4u);
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

fn add_staged(before: Quad, thread: vec3u) -> Quad {
  var c = before;
  workgroupBarrier();
  // One k at a time: whole blocks would need 64 registers for operands instead of 16.
  for (var k = 0u; k < STEP; k++) {
    let a0 = left_stage[k * STAGE_LINE + thread.y];
    let a1 = left_stage[k * STAGE_LINE + thread.y + 8u];
    let b0 = right_stage[k * STAGE_LINE + thread.x];
    let b1 = right_stage[k * STAGE_LINE + thread.x + 8u];
    c.c00 = add_outer(c.c00, a0, b0);
    c.c01 = add_outer(c.c01, a0, b1);
    c.c10 = add_outer(c.c10, a1, b0);
    c.c11 = add_outer(c.c11, a1, b1);
  }
  workgroupBarrier();
  return c;
}

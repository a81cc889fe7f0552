// Tile of 64 × 64 results for 8 × 8 threads. Each holds four blocks, 32 rows and columns apart. The workgroup reads
// 16 of K at a time into workgroup memory, every thread one block of each operand.
// grid: 64 rows in x, 64 columns in y
const STEP = 16u;
// A line of 16 vectors and one more, which spreads the writes over more banks.
const STAGE_LINE = 17u;
// The i-th vector of the block at (block, k block): line 4 · (k block) + i, place (block).
var<workgroup> left_stage: array<vec4f, 272>;
var<workgroup> right_stage: array<vec4f, 272>;

struct Quad { c00: mat4x4f, c01: mat4x4f, c10: mat4x4f, c11: mat4x4f }

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  // Which block this thread stages: neighbours read along K, where the lines are long.
  let index = thread.y * 8u + thread.x;
  let staged = index / 4u;
  let staged_k = index % 4u * 4u;
  var c = Quad();
  if (low_inner() > 0u) {
    let left = low_left_begin(group.x * 64u + staged * 4u);
    let right = low_right_begin(group.y * 64u + staged * 4u);
    for (var k = 0u; k < low_inner(); k += STEP) {
      if (k + staged_k < low_inner()) {
        stage(staged, staged_k, low_left_block(left, k + staged_k), low_right_block(right, k + staged_k));
      } else {
        stage(staged, staged_k, mat4x4f(), mat4x4f());
      }
      c = multiply_staged(c, thread);
    }
    let scale0 = low_scale(column);
    let scale1 = low_scale(column + 32u);
    c = Quad(
      scale_columns(c.c00, scale0),
      scale_columns(c.c01, scale1),
      scale_columns(c.c10, scale0),
      scale_columns(c.c11, scale1),
    );
  }
  let left = left_begin(group.x * 64u + staged * 4u);
  let right = right_begin(group.y * 64u + staged * 4u);
  for (var k = 0u; k < inner(); k += STEP) {
    if (k + staged_k < inner()) {
      stage(staged, staged_k, left_block(left, k + staged_k), right_block(right, k + staged_k));
    } else {
      stage(staged, staged_k, mat4x4f(), mat4x4f());
    }
    c = multiply_staged(c, thread);
  }
  finish(row, column, c.c00);
  finish(row, column + 32u, c.c01);
  finish(row + 32u, column, c.c10);
  finish(row + 32u, column + 32u, c.c11);
  finish_tile(group, index);
}

fn stage(block: u32, k: u32, a: mat4x4f, b: mat4x4f) {
  let at = k * STAGE_LINE + block;
  left_stage[at] = a[0];
  left_stage[at + STAGE_LINE] = a[1];
  left_stage[at + 2u * STAGE_LINE] = a[2];
  left_stage[at + 3u * STAGE_LINE] = a[3];
  right_stage[at] = b[0];
  right_stage[at + STAGE_LINE] = b[1];
  right_stage[at + 2u * STAGE_LINE] = b[2];
  right_stage[at + 3u * STAGE_LINE] = b[3];
}

fn multiply_staged(before: Quad, thread: vec3u) -> Quad {
  var c = before;
  workgroupBarrier();
  for (var k = 0u; k < STEP; k += 4u) {
    let a0 = staged_left(k, thread.y);
    let a1 = staged_left(k, thread.y + 8u);
    let b0 = staged_right(k, thread.x);
    let b1 = staged_right(k, thread.x + 8u);
    c.c00 = multiply_add(c.c00, a0, b0);
    c.c01 = multiply_add(c.c01, a0, b1);
    c.c10 = multiply_add(c.c10, a1, b0);
    c.c11 = multiply_add(c.c11, a1, b1);
  }
  workgroupBarrier();
  return c;
}

fn staged_left(k: u32, block: u32) -> mat4x4f {
  let at = k * STAGE_LINE + block;
  return mat4x4f(
    left_stage[at],
    left_stage[at + STAGE_LINE],
    left_stage[at + 2u * STAGE_LINE],
    left_stage[at + 3u * STAGE_LINE],
  );
}

fn staged_right(k: u32, block: u32) -> mat4x4f {
  let at = k * STAGE_LINE + block;
  return mat4x4f(
    right_stage[at],
    right_stage[at + STAGE_LINE],
    right_stage[at + 2u * STAGE_LINE],
    right_stage[at + 3u * STAGE_LINE],
  );
}

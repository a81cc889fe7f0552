// Tile of 64 × 64 results for 8 × 8 threads. Each computes four blocks. The workgroup reads 16 of K at a time into
// workgroup memory.
// grid: 64 rows in x, 64 columns in y
// with lib/{square, tile_stage}.wgsl
const SIDE = 64u;
const STEP = 16u;
// 16 vectors and one of padding, which spreads writes over more banks.
const STAGE_LINE = 17u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
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

// Four neighbouring threads stage four blocks along K, the next four threads those of the next four rows or columns.
fn staged_by(thread: vec3u) -> Staged {
  let index = thread.y * 8u + thread.x;
  return Staged(index / 4u, index % 4u * 4u);
}

fn add_staged(before: Square, thread: vec3u) -> Square {
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

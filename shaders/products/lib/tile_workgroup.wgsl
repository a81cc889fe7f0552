// Tile of 64 × 64 results for 8 × 8 threads. Each computes four blocks. The workgroup reads 16 of K at a time into
// workgroup memory.
// grid: 64 rows in x, 64 columns in y
// with lib/{square, tile_stage}.wgsl
const SIDE = 64u;
const STEP = 16u;
// 16 vectors and one of padding, which spreads writes over more banks.
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

// Four neighbouring threads stage four blocks along K, the next four threads those of the next four rows or columns.
fn staged_by(thread: vec3u) -> Staged {
  let index = thread.y * 8u + thread.x;
  return Staged(index / 4u, index % 4u);
}

fn add_staged(before: Square, thread: vec3u) -> Square {
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

// One k at a time: whole blocks would need 64 registers for operands instead of 16.
fn add_line(c: Square, four: u32, line: u32, thread: vec3u) -> Square {
  let a0 = left_stage[four][line][thread.y];
  let a1 = left_stage[four][line][thread.y + 8u];
  let b0 = right_stage[four][line][thread.x];
  let b1 = right_stage[four][line][thread.x + 8u];
  return Square(add_outer(c.c00, a0, b0), add_outer(c.c01, a0, b1), add_outer(c.c10, a1, b0), add_outer(c.c11, a1, b1));
}

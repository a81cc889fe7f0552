// Tiles of 64 × 64 that multiply in f32. The workgroup reads operands into workgroup memory in pieces of 16 along K.
// with lib/{tile_staged_square, tile_stage}.wgsl
const STEP = 16u;

// Four neighbouring threads stage four blocks along K; the next four threads stage the blocks of the next four rows or columns.
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

// Multiplies the operands of one k: whole blocks of four k would need 64 registers for operands instead of 16.
fn add_line(c: Square, four: u32, line: u32, thread: vec3u) -> Square {
  let a0 = left_stage[four][line][thread.y];
  let a1 = left_stage[four][line][thread.y + 8u];
  let b0 = right_stage[four][line][thread.x];
  let b1 = right_stage[four][line][thread.x + 8u];
  return Square(add_outer(c.c00, a0, b0), add_outer(c.c01, a0, b1), add_outer(c.c10, a1, b0), add_outer(c.c11, a1, b1));
}

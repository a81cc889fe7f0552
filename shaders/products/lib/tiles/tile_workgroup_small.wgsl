// Tiles of 32 × 32 that multiply in f32. The workgroup reads operands into workgroup memory in pieces of 32 along K.
// with lib/{tile_staged_block, tile_stage}.wgsl
const STEP = 32u;

// Neighbouring threads stage adjacent blocks, so that they write to different memory banks.
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

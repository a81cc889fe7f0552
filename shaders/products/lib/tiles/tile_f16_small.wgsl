// Tiles of 32 × 32 that multiply in f16 and sum in f32. The workgroup reads operands into workgroup memory in pieces
// of 64 along K. This file comes first in a shader, as tile_f16 does.
// with lib/{tile_staged_block, tile_stage_f16}.wgsl
enable f16;

const STEP = 64u;

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

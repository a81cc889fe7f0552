// Tiles of 64 × 64 that multiply in f16 and sum in f32: tile_stage_f16 explains how, and gives the error bound. The workgroup
// reads operands into workgroup memory in pieces of 32 along K. This file comes first in a shader, because it enables f16
// (the feature `shader-f16`).
// with lib/{tile_staged_square, tile_stage_f16}.wgsl
enable f16;

const STEP = 32u;

// The thread's sums over one run, a group of RUN values of k.
struct Run { c00: mat4x4h, c01: mat4x4h, c10: mat4x4h, c11: mat4x4h }

fn add_staged(before: Square, thread: vec3u) -> Square {
  var c = before;
  workgroupBarrier();
  for (var run = 0u; run < RUNS; run++) {
    var sums = first_two(run, thread);
    sums = add_two(sums, run, 1u, thread);
    sums = add_two(sums, run, 2u, thread);
    sums = add_two(sums, run, 3u, thread);
    c = add_run(c, sums, run, thread);
  }
  workgroupBarrier();
  return c;
}

fn first_two(run: u32, thread: vec3u) -> Run {
  let a0 = staged[run][0][thread.y];
  let a1 = staged[run][0][thread.y + 8u];
  let b0 = staged[RUNS + run][0][thread.x];
  let b1 = staged[RUNS + run][0][thread.x + 8u];
  return Run(outer_pair_f16(a0, b0), outer_pair_f16(a0, b1), outer_pair_f16(a1, b0), outer_pair_f16(a1, b1));
}

fn add_two(c: Run, run: u32, two: u32, thread: vec3u) -> Run {
  let a0 = staged[run][two][thread.y];
  let a1 = staged[run][two][thread.y + 8u];
  let b0 = staged[RUNS + run][two][thread.x];
  let b1 = staged[RUNS + run][two][thread.x + 8u];
  return Run(
    add_outer_pair_f16(c.c00, a0, b0),
    add_outer_pair_f16(c.c01, a0, b1),
    add_outer_pair_f16(c.c10, a1, b0),
    add_outer_pair_f16(c.c11, a1, b1),
  );
}

fn add_run(c: Square, sums: Run, run: u32, thread: vec3u) -> Square {
  let left0 = left_units[run][thread.y];
  let left1 = left_units[run][thread.y + 8u];
  let right0 = right_units[run][thread.x];
  let right1 = right_units[run][thread.x + 8u];
  return Square(
    add_in_units(c.c00, sums.c00, left0, right0),
    add_in_units(c.c01, sums.c01, left0, right1),
    add_in_units(c.c10, sums.c10, left1, right0),
    add_in_units(c.c11, sums.c11, left1, right1),
  );
}

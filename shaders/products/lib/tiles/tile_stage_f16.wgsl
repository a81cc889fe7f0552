// The loops over K of tiles that stage operands in workgroup memory as f16, in pieces of STEP. The products of a run, a group of
// RUN values of k, are summed in f16, and the sums of runs in f32: on GPUs that multiply two f16 pairs at once, this is 5/8 of an
// instruction for each product.
//
// The RUN values of a row, or of four columns, are staged divided by a unit of their own: a power of two, chosen so that the largest of
// them becomes at least 16 and below 32. So the sum of RUN products is at most 2¹³, nothing overflows at f16's 65504, and gradients of
// 1e-9 don't vanish: the whole range of f32 is preserved. Values that aren't finite stay so, and no row's result depends on other rows.
//
// With u, f16's rounding (2⁻¹¹, or 2⁻¹⁰ on a device that rounds to either side), Σ a·b is off by at most (RUN + 2)·u·Σ |a·b|:
// one rounding for each operand, and RUN in a run's sum. A value below 2⁻¹⁸ of its run's largest may also count as 0.
const RUN = 8u;
const RUNS = STEP / RUN;
// The staged values, indexed by run (those of the left operand, then those of the right one), by a pair of k, and by block. Each index that
// isn't a constant costs a check of its bounds.
var<workgroup> staged: array<array<array<mat2x4h, STAGE_LINE>, RUN / 2u>, 2u * RUNS>;
// The units, indexed by run and by block: one for each row, and one for four columns.
var<workgroup> left_units: array<array<vec4f, STAGE_LINE>, RUNS>;
var<workgroup> right_units: array<array<f32, STAGE_LINE>, RUNS>;

// The part of each operand that a thread stages: four rows or columns, and a run.
struct Own { block: u32, run: u32 }

fn own_of(thread: vec3u) -> Own {
  let index = thread.y * 8u + thread.x;
  return Own(index / RUNS, index % RUNS);
}

// The two groups of four k that make up a run. k: the first k of each group; groups beyond K's end are clamped to the last one. keep: 1 for
// a group before K's end, else 0. The two groups of a run aren't adjacent: successive groups of a piece belong to successive runs, so that
// neighbouring threads read adjacent memory.
struct Fours { k: vec2u, keep: vec2f }

fn fours_of(own: Own, step: u32, end: u32) -> Fours {
  let k = step + 4u * (own.run + vec2u(0u, RUNS));
  return Fours(min(k, vec2u((end - 1u) & ~3u)), select(vec2f(), vec2f(1.0), k < vec2u(end)));
}

fn add_low(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  let own = own_of(thread);
  let left = low_left_begin(group.x * SIDE + own.block * 4u);
  let right = low_right_begin(group.y * SIDE + own.block * 4u);
  var c = before;
  for (var step = 0u; step < low_inner(); step += STEP) {
    let at = fours_of(own, step, low_inner());
    stage_left(own, at.keep, transpose(low_left_block(left, at.k.x)), transpose(low_left_block(left, at.k.y)));
    stage_right(own, at.keep, low_right_block(right, at.k.x), low_right_block(right, at.k.y));
    c = add_staged(c, thread);
  }
  return c;
}

fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  let own = own_of(thread);
  let left = left_begin(part, group.x * SIDE + own.block * 4u);
  let right = right_begin(part, group.y * SIDE + own.block * 4u);
  var c = before;
  let end = k_end(part, group);
  for (var step = k_begin(group); step < end; step += STEP) {
    let at = fours_of(own, step, end);
    stage_left(own, at.keep, transpose(left_block(part, left, at.k.x)), transpose(left_block(part, left, at.k.y)));
    stage_right(own, at.keep, right_block(part, right, at.k.x), right_block(part, right, at.k.y));
    c = add_staged(c, thread);
  }
  return c;
}

// Stages two blocks of the left operand, passed in transposed form, with a row for each k.
fn stage_left(own: Own, keep: vec2f, one: mat4x4f, other: mat4x4f) {
  let exponents = exponents_of(largest_of(one, other, keep));
  left_units[own.run][own.block] = bitcast<vec4f>(exponents - 0x02000000u);
  stage(own.run, own.block, one, other, exponents, keep);
}

fn stage_right(own: Own, keep: vec2f, one: mat4x4f, other: mat4x4f) {
  let largest = largest_of(one, other, keep);
  let exponents = exponents_of(vec4f(max(max(largest.x, largest.y), max(largest.z, largest.w))));
  right_units[own.run][own.block] = bitcast<f32>(exponents.x - 0x02000000u);
  stage(RUNS + own.run, own.block, one, other, exponents, keep);
}

fn largest_of(one: mat4x4f, other: mat4x4f, keep: vec2f) -> vec4f {
  return max(largest_in(one) * keep.x, largest_in(other) * keep.y);
}

fn largest_in(block: mat4x4f) -> vec4f {
  return max(max(abs(block[0]), abs(block[1])), max(abs(block[2]), abs(block[3])));
}

// The exponent bits of f32 values, clamped so that the unit and its reciprocal are normal numbers.
fn exponents_of(largest: vec4f) -> vec4u {
  return clamp(bitcast<vec4u>(largest) & vec4u(0x7f800000u), vec4u(0x10000000u), vec4u(0x7e800000u));
}

fn stage(run: u32, at: u32, one: mat4x4f, other: mat4x4f, exponents: vec4u, keep: vec2f) {
  let scale = bitcast<vec4f>(0x81000000u - exponents);
  stage_four(run, 0u, at, one, scale * keep.x);
  stage_four(run, 2u, at, other, scale * keep.y);
}

fn stage_four(run: u32, two: u32, at: u32, block: mat4x4f, scale: vec4f) {
  staged[run][two][at] = mat2x4h(vec4h(block[0] * scale), vec4h(block[1] * scale));
  staged[run][two + 1u][at] = mat2x4h(vec4h(block[2] * scale), vec4h(block[3] * scale));
}

// a·bᵀ, where a and b are two columns of four values each
fn outer_pair_f16(a: mat2x4h, b: mat2x4h) -> mat4x4h {
  return add_outer_f16(mat4x4h(a[0].x * b[0], a[0].y * b[0], a[0].z * b[0], a[0].w * b[0]), a[1], b[1]);
}

// c + a·bᵀ
fn add_outer_pair_f16(c: mat4x4h, a: mat2x4h, b: mat2x4h) -> mat4x4h {
  return add_outer_f16(add_outer_f16(c, a[0], b[0]), a[1], b[1]);
}

fn add_outer_f16(c: mat4x4h, a: vec4h, b: vec4h) -> mat4x4h {
  return mat4x4h(c[0] + a.x * b, c[1] + a.y * b, c[2] + a.z * b, c[3] + a.w * b);
}

// c + sums, which are multiplied by the units of both operands
fn add_in_units(c: mat4x4f, sums: mat4x4h, left: vec4f, right: f32) -> mat4x4f {
  let unit = left * right;
  return mat4x4f(
    c[0] + vec4f(sums[0]) * unit.x,
    c[1] + vec4f(sums[1]) * unit.y,
    c[2] + vec4f(sums[2]) * unit.z,
    c[3] + vec4f(sums[3]) * unit.w,
  );
}

// Tile of 64 × 64 results for 16 × 8 threads, with operands in workgroup memory, in pieces of 16 along K. Each thread computes two
// 4 × 4 blocks, 32 rows apart, in half the registers of tile_workgroup. It stages one block, of the left operand or of the right one.
// grid: 64 rows in x, 64 columns in y
struct Pair { upper: mat4x4f, lower: mat4x4f }
alias Sums = Pair;
const SIDE = 64u;
const STEP = 16u;
// A line in workgroup memory: 16 vectors, and one of padding, which spreads writes over more memory banks.
const STAGE_LINE = 17u;

// The staged operands, indexed by a group of four k, by a k of the group, and by vector: those of the left operand, then those of the right
// one. Each index that isn't a constant costs a check of its bounds.
var<workgroup> staged: array<array<array<vec4f, 2u * STAGE_LINE>, 4>, STEP / 4u>;

@compute @workgroup_size(16, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  var c = Pair();
  if (low_inner() > 0u) {
    let scale = low_scale(column);
    c = add_low(c, group, thread);
    c = Pair(scale_columns(c.upper, scale), scale_columns(c.lower, scale));
  }
  c = add_parts(c, group, thread);
  finish(row, column, c.upper);
  finish(row + 32u, column, c.lower);
  finish_tile(group, thread.y * 16u + thread.x);
}

// The block that a thread stages. is_right: its operand; block: the index of its four rows or columns; four: the index of its four k; at:
// the index of its vectors in `staged`.
struct Own { is_right: bool, block: u32, four: u32, at: u32 }

// The first 64 threads stage the left operand. Four neighbouring threads stage four blocks along K.
fn own_of(thread: vec3u) -> Own {
  let index = thread.y * 16u + thread.x;
  let block = index / 4u % 16u;
  return Own(index >= 64u, block, index % 4u, block + select(0u, STAGE_LINE, index >= 64u));
}

fn add_low(before: Pair, group: vec3u, thread: vec3u) -> Pair {
  let own = own_of(thread);
  let own_k = own.four * 4u;
  var begin = low_left_begin(group.x * 64u + own.block * 4u);
  if (own.is_right) {
    begin = low_right_begin(group.y * 64u + own.block * 4u);
  }
  let whole = low_inner() / STEP * STEP;
  var c = before;
  for (var k = 0u; k < whole; k += STEP) {
    stage_low(own, begin, k + own_k);
    c = add_staged(c, thread);
  }
  if (whole < low_inner()) {
    if (whole + own_k < low_inner()) {
      stage_low(own, begin, whole + own_k);
    } else {
      stage(own, mat4x4f());
    }
    c = add_staged(c, thread);
  }
  return c;
}

fn stage_low(own: Own, begin: vec4u, k: u32) {
  if (own.is_right) {
    stage(own, low_right_block(begin, k));
  } else {
    stage(own, transpose(low_left_block(begin, k)));
  }
}

// Whole pieces of STEP need no checks. The rest of K takes one more iteration, in which values beyond K count as 0.
fn add_part(part: u32, before: Pair, group: vec3u, thread: vec3u) -> Pair {
  let own = own_of(thread);
  let own_k = own.four * 4u;
  var at = left_begin(part, group.x * 64u + own.block * 4u);
  if (own.is_right) {
    at = right_begin(part, group.y * 64u + own.block * 4u);
  }
  let begin = k_begin(group);
  let end = k_end(part, group);
  let whole = end - (end - begin) % STEP;
  var c = before;
  for (var k = begin; k < whole; k += STEP) {
    if (own.is_right) {
      stage(own, right_whole_block(part, at, k + own_k));
    } else {
      stage(own, transpose(left_whole_block(part, at, k + own_k)));
    }
    c = add_staged(c, thread);
  }
  if (whole < end) {
    if (whole + own_k >= end) {
      stage(own, mat4x4f());
    } else if (own.is_right) {
      stage(own, right_block(part, at, whole + own_k));
    } else {
      stage(own, transpose(left_block(part, at, whole + own_k)));
    }
    c = add_staged(c, thread);
  }
  return c;
}

fn stage(own: Own, block: mat4x4f) {
  staged[own.four][0][own.at] = block[0];
  staged[own.four][1][own.at] = block[1];
  staged[own.four][2][own.at] = block[2];
  staged[own.four][3][own.at] = block[3];
}

fn add_staged(before: Pair, thread: vec3u) -> Pair {
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

fn add_line(c: Pair, four: u32, line: u32, thread: vec3u) -> Pair {
  let b = staged[four][line][STAGE_LINE + thread.x];
  return Pair(
    add_outer(c.upper, staged[four][line][thread.y], b),
    add_outer(c.lower, staged[four][line][thread.y + 8u], b),
  );
}

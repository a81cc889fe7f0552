// The loops over K of tiles that stage operands in workgroup memory, in pieces of STEP: each thread stages one 4 × 4 block
// of each operand, then multiplies what the workgroup has staged. The tile defines SIDE, the number of its rows and of its columns;
// staged_by, the block that a thread stages; and add_staged, the multiplication. Staged operands are indexed by a group of
// four k, by line (one k of the group: STAGE_LINE vectors), and by block. The bounds of the first and the last index are checked
// once for four lines. The indices of lines are constants, which need no check.
alias Lines = array<array<vec4f, STAGE_LINE>, 4>;
var<workgroup> left_stage: array<Lines, STEP / 4u>;
var<workgroup> right_stage: array<Lines, STEP / 4u>;

// The block that a thread stages. block: the index of its four rows or columns in the tile; four: the index of its four k in the piece.
struct Staged { block: u32, four: u32 }

fn add_low(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  let own = staged_by(thread);
  let left = low_left_begin(group.x * SIDE + own.block * 4u);
  let right = low_right_begin(group.y * SIDE + own.block * 4u);
  let own_k = own.four * 4u;
  let whole = low_inner() / STEP * STEP;
  var c = before;
  for (var k = 0u; k < whole; k += STEP) {
    stage(own, low_left_block(left, k + own_k), low_right_block(right, k + own_k));
    c = add_staged(c, thread);
  }
  if (whole < low_inner()) {
    if (whole + own_k < low_inner()) {
      stage(own, low_left_block(left, whole + own_k), low_right_block(right, whole + own_k));
    } else {
      stage(own, mat4x4f(), mat4x4f());
    }
    c = add_staged(c, thread);
  }
  return c;
}

// Whole pieces of STEP need no checks. The rest of K takes one more iteration, in which values beyond K count as 0.
fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  let own = staged_by(thread);
  let left = left_begin(part, group.x * SIDE + own.block * 4u);
  let right = right_begin(part, group.y * SIDE + own.block * 4u);
  let own_k = own.four * 4u;
  let begin = k_begin(group);
  let end = k_end(part, group);
  let whole = end - (end - begin) % STEP;
  var c = before;
  for (var k = begin; k < whole; k += STEP) {
    stage(own, left_whole_block(part, left, k + own_k), right_whole_block(part, right, k + own_k));
    c = add_staged(c, thread);
  }
  if (whole < end) {
    if (whole + own_k < end) {
      stage(own, left_block(part, left, whole + own_k), right_block(part, right, whole + own_k));
    } else {
      stage(own, mat4x4f(), mat4x4f());
    }
    c = add_staged(c, thread);
  }
  return c;
}

fn stage(own: Staged, left: mat4x4f, right: mat4x4f) {
  let columns_of_left = transpose(left);
  left_stage[own.four][0][own.block] = columns_of_left[0];
  left_stage[own.four][1][own.block] = columns_of_left[1];
  left_stage[own.four][2][own.block] = columns_of_left[2];
  left_stage[own.four][3][own.block] = columns_of_left[3];
  right_stage[own.four][0][own.block] = right[0];
  right_stage[own.four][1][own.block] = right[1];
  right_stage[own.four][2][own.block] = right[2];
  right_stage[own.four][3][own.block] = right[3];
}

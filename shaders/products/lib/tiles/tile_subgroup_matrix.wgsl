// Tile of 64 × 64 results for 256 threads, with subgroup matrices of 16 × 16, f16 operands and f32 sums: for devices with such
// matrices and subgroups of at most 64 threads. The workgroup reads operands into workgroup memory in pieces of 32
// along K. A value beyond f16's 65504 becomes infinite, and the results of its row or column infinite or NaN; a value below 6e-8 becomes 0.
// This file comes first in a shader, because it enables features.
// grid: 64 rows in x, 64 columns in y
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const STEP = 32u;
const SIDE = 64u;
// The length of a line in workgroup memory, in vectors of four k. Offsets of subgroup matrices count these vectors, too. Lines aren't
// padded, because the arrays already take 16 KiB, all that every device has.
const STAGE_LINE = STEP / 4u;
alias Left = subgroup_matrix_left<f16, 16, 16>;
alias Right = subgroup_matrix_right<f16, 16, 16>;
alias Result16 = subgroup_matrix_result<f32, 16, 16>;

// The staged operands: a line for each row of the left one, and for each column of the right one, with the values for all k of the piece.
var<workgroup> left_stage: array<vec4h, 64u * STAGE_LINE>;
var<workgroup> right_stage: array<vec4h, 64u * STAGE_LINE>;
// One of the two result matrices of each strip (see `subgroup`).
var<workgroup> results: array<f32, 8u * 256u>;

// x: this subgroup's index; y: the number of subgroups. The subgroups share the tile's eight strips of 16 rows × 32 columns: at most two
// for each.
var<private> subgroup: vec2u;

// The sums of the subgroup's first and second strip. The halves of a strip have 16 columns each.
struct Sums { first: Halves, second: Halves }
struct Halves { left: Result16, right: Result16 }

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(subgroup_id) number: u32,
  @builtin(num_subgroups) count: u32,
) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  subgroup = vec2u(number, count);
  let c = add_parts(Sums(), group, thread);
  put_results(c.first.left, 0u);
  put_results(c.second.left, 1u);
  finish_half(group, thread.x, 0u);
  put_results(c.first.right, 0u);
  put_results(c.second.right, 1u);
  finish_half(group, thread.x, 16u);
  finish_tile(group, thread.x);
}

fn strip_of(turn: u32) -> u32 {
  return turn * subgroup.y + subgroup.x;
}

fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  // The first 128 threads stage the left operand, the others the right one: each four rows or columns, and four of K.
  let is_left = thread.x < 128u;
  let line = (thread.x % 128u) / 8u * 4u;
  let own_four = thread.x % 8u;
  let own_k = own_four * 4u;
  let left = left_begin(part, group.x * SIDE + line);
  let right = right_begin(part, group.y * SIDE + line);
  let at = line * STAGE_LINE + own_four;
  var c = before;
  let end = k_end(part, group);
  for (var k = k_begin(group); k < end; k += STEP) {
    if (is_left) {
      var block = mat4x4f();
      if (k + own_k < end) {
        block = left_block(part, left, k + own_k);
      }
      left_stage[at] = vec4h(block[0]);
      left_stage[at + STAGE_LINE] = vec4h(block[1]);
      left_stage[at + 2u * STAGE_LINE] = vec4h(block[2]);
      left_stage[at + 3u * STAGE_LINE] = vec4h(block[3]);
    } else {
      var block = mat4x4f();
      if (k + own_k < end) {
        block = transpose(right_block(part, right, k + own_k));
      }
      right_stage[at] = vec4h(block[0]);
      right_stage[at + STAGE_LINE] = vec4h(block[1]);
      right_stage[at + 2u * STAGE_LINE] = vec4h(block[2]);
      right_stage[at + 3u * STAGE_LINE] = vec4h(block[3]);
    }
    workgroupBarrier();
    c.first = add_strip(c.first, strip_of(0u));
    c.second = add_strip(c.second, strip_of(1u));
    workgroupBarrier();
  }
  return c;
}

fn add_strip(before: Halves, strip: u32) -> Halves {
  var c = before;
  if (strip < 8u) {
    let row = strip / 2u * 16u * STAGE_LINE;
    let column = strip % 2u * 32u * STAGE_LINE;
    c = add_sixteen(add_sixteen(c, row, column), row + 4u, column + 4u);
  }
  return c;
}

fn add_sixteen(c: Halves, row: u32, column: u32) -> Halves {
  let a = subgroupMatrixLoad<Left, row_major>(&left_stage, row, STAGE_LINE);
  let b0 = subgroupMatrixLoad<Right, col_major>(&right_stage, column, STAGE_LINE);
  let b1 = subgroupMatrixLoad<Right, col_major>(&right_stage, column + 16u * STAGE_LINE, STAGE_LINE);
  return Halves(subgroupMatrixMultiplyAccumulate(a, b0, c.left), subgroupMatrixMultiplyAccumulate(a, b1, c.right));
}

fn put_results(c: Result16, turn: u32) {
  if (strip_of(turn) < 8u) {
    subgroupMatrixStore<row_major>(&results, strip_of(turn) * 256u, c, 16u);
  }
}

// Finishes the left or right halves of all strips: each of 128 threads finishes a block.
fn finish_half(group: vec3u, thread: u32, right: u32) {
  workgroupBarrier();
  if (thread < 128u) {
    let strip = thread / 16u;
    let row = thread / 4u % 4u * 4u;
    let column = thread % 4u * 4u;
    let at = strip * 256u + row * 16u + column;
    finish(
      group.x * 64u + strip / 2u * 16u + row,
      group.y * 64u + strip % 2u * 32u + right + column,
      mat4x4f(four_results(at), four_results(at + 16u), four_results(at + 32u), four_results(at + 48u)),
    );
  }
  workgroupBarrier();
}

fn four_results(at: u32) -> vec4f {
  return vec4f(results[at], results[at + 1u], results[at + 2u], results[at + 3u]);
}

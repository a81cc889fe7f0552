// Tiles of 32 by 32 tokens for 8 × 8 threads. Thread (x, y) has rows 4y to 4y + 3 and columns 4x to 4x + 3. If results are as wide as a
// head, a workgroup computes 64 of their columns. A thread computes four columns of the head's lower half, and the same four of its upper
// half. Wider heads take several workgroups, each of which computes all scores. With lib/workgroup.wgsl, 14 KiB of workgroup memory are
// used.
const TILE = 32u;
// Numbers of a head's columns, in vec4s. INNER: the columns that are staged at a time for a matrix product that sums over the head's width.
// OUTER: the columns of a result that a workgroup computes.
const INNER = 8u;
const OUTER = 16u;

// A line in workgroup memory holds, for one k (the index that a matrix product sums over), the operands of all rows and columns. Products
// read one line at a time, so that few registers hold operands. `Lines` has the lines of a group of four k: the bounds of the group's index
// are checked once for its four lines, whose own indices are constants. Lines are padded by one vector, so that writes to different lines
// use different memory banks.
alias Lines = array<array<vec4f, 17>, 4>;
alias WeightLines = array<array<vec4f, 9>, 4>;

// Holds two operands of 32 rows each, with a line for each column of a head: eight vectors of the left rows, then eight of the right
// ones. Or it holds one operand of 32 tokens by 64 columns, with a line for each token.
var<workgroup> stage: array<Lines, 8>;
// The attention weights, or the scores' gradients, of 32 rows by 32 tokens: a line for each token.
var<workgroup> weight_stage: array<WeightLines, 8>;

// The work of a workgroup: its tile begins at token `first`. It computes part number `part` of the columns of a head of `width` vec4s: some
// columns of the head's lower half, and the same columns of its upper half, so that a thread has both elements of a RoPE pair.
struct Work { first: u32, part: u32, width: u32 }

fn tile_count() -> u32 {
  return (p.T + TILE - 1u) / TILE;
}

fn work_of(group: u32) -> Work {
  let width = p.D / 4u;
  let parts = (width + OUTER - 1u) / OUTER;
  return Work(group / parts * TILE, group % parts, width);
}

// As work_of, but with the tiles in reverse order, for loops that grow with the token: the workgroups with the longest loops start first.
fn late_work_of(group: u32) -> Work {
  let work = work_of(group);
  return Work((tile_count() - 1u) * TILE - work.first, work.part, work.width);
}

// Every thread stages one block of each operand. Both operands are rows of a head; columns outside of the head count as 0.
fn stage_operands(thread: vec3u, left: mat4x4f, right: mat4x4f, inside: bool) {
  // Zeros in one of the operands are enough to make the products 0.
  stage_block(thread.x, thread.y, transpose(mat4x4f(
    select(vec4f(), left[0], inside),
    select(vec4f(), left[1], inside),
    select(vec4f(), left[2], inside),
    select(vec4f(), left[3], inside),
  )));
  stage_block(thread.x, thread.y + 8u, transpose(right));
}

fn stage_block(four: u32, at: u32, lines: mat4x4f) {
  stage[four][0][at] = lines[0];
  stage[four][1][at] = lines[1];
  stage[four][2][at] = lines[2];
  stage[four][3][at] = lines[3];
}

// products + left · rightᵀ, for the staged operands
fn multiply_staged(products: mat4x4f, thread: vec3u) -> mat4x4f {
  var c = products;
  for (var four = 0u; four < 8u; four++) {
    c = add_line(c, four, 0u, thread);
    c = add_line(c, four, 1u, thread);
    c = add_line(c, four, 2u, thread);
    c = add_line(c, four, 3u, thread);
  }
  return c;
}

fn add_line(c: mat4x4f, four: u32, line: u32, thread: vec3u) -> mat4x4f {
  return add_outer(c, stage[four][line][thread.y], stage[four][line][thread.x + 8u]);
}

// Stages the thread's block of the attention weights, or of the scores' gradients, of 32 rows by 32 tokens.
fn stage_weights(thread: vec3u, weights: mat4x4f) {
  let lines = transpose(weights);
  weight_stage[thread.x][0][thread.y] = lines[0];
  weight_stage[thread.x][1][thread.y] = lines[1];
  weight_stage[thread.x][2][thread.y] = lines[2];
  weight_stage[thread.x][3][thread.y] = lines[3];
}

// Reads the thread's block of `weight_stage`: reading it back takes fewer registers than holding it.
fn own_weights(thread: vec3u) -> mat4x4f {
  return transpose(mat4x4f(
    weight_stage[thread.x][0][thread.y],
    weight_stage[thread.x][1][thread.y],
    weight_stage[thread.x][2][thread.y],
    weight_stage[thread.x][3][thread.y],
  ));
}

// Every thread stages two blocks of the wide operand at wide_column: four tokens from wide_token on, and four tokens 16 further on.
fn stage_wide(index: u32, early: mat4x4f, late: mat4x4f) {
  stage_block(index / OUTER, index % OUTER, early);
  stage_block(index / OUTER + 4u, index % OUTER, late);
}

fn wide_token(index: u32) -> u32 {
  return index / OUTER * 4u;
}

// The column that a thread stages. Beyond the end of a half it may be any column, because its results are discarded.
fn wide_column(index: u32, work: Work) -> u32 {
  let column = index % OUTER;
  return min(near_column(column % INNER, work) + column / INNER * half_width(work), work.width - 1u);
}

fn half_width(work: Work) -> u32 {
  return (work.width + 1u) / 2u;
}

// The thread's column in the head's lower half; it has none from half_width on. Its column in the upper half is half_width further on.
fn near_column(x: u32, work: Work) -> u32 {
  return work.part * INNER + x;
}

struct Wide { near: mat4x4f, far: mat4x4f }

// sums + weights · wide, for the staged operands
fn multiply_wide(sums: Wide, thread: vec3u) -> Wide {
  var c = sums;
  for (var four = 0u; four < 8u; four++) {
    c = add_wide_line(c, four, 0u, thread);
    c = add_wide_line(c, four, 1u, thread);
    c = add_wide_line(c, four, 2u, thread);
    c = add_wide_line(c, four, 3u, thread);
  }
  return c;
}

fn add_wide_line(c: Wide, four: u32, line: u32, thread: vec3u) -> Wide {
  let a = weight_stage[four][line][thread.y];
  return Wide(
    add_outer(c.near, a, stage[four][line][thread.x]),
    add_outer(c.far, a, stage[four][line][thread.x + 8u]),
  );
}

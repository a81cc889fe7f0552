// Tiles of 32 by 32 tokens for 8 × 8 threads. Thread (x, y) has rows 4y to 4y + 3; its columns are 4x to 4x + 3, and in
// results as wide as a head also those 32 further on, of the 64 that a workgroup makes. Wider heads take several
// workgroups, which repeat the scores. 14 KiB of workgroup memory with lib/workgroup.wgsl.
const TILE = 32u;
// Columns of a head, in vec4s: staged at a time for products of two heads, and made by a workgroup.
const INNER = 8u;
const OUTER = 16u;

// 32 vectors, as four rows of eight blocks: a row is a constant wherever it is read, and only the block's index is checked. One
// more vector lies between lines, so that threads which write one below the other meet different banks.
struct Line { rows: array<array<vec4f, 8>, 4>, gap: vec4f }

// Either two operands of 32 rows by 32 columns: a line for four columns, eight of them for the left and eight for the right.
// Or one of 32 tokens by 64 columns: a line for four columns.
var<workgroup> stage: array<Line, 16>;
// 32 rows by 32 tokens, a line for four tokens.
var<workgroup> weight_stage: array<Line, 8>;

// The work of a workgroup: its tile begins at token `first`, its columns at `column` (in vec4s).
struct Work { first: u32, column: u32, width: u32 }

fn tile_count() -> u32 {
  return (p.T + TILE - 1u) / TILE;
}

fn work_of(group: u32) -> Work {
  let width = p.D / 4u;
  let parts = (width + OUTER - 1u) / OUTER;
  return Work(group / parts * TILE, group % parts * OUTER, width);
}

// The same, longest walk first when walks grow with the token.
fn late_work_of(group: u32) -> Work {
  let work = work_of(group);
  return Work((tile_count() - 1u) * TILE - work.first, work.column, work.width);
}

// Every thread stages one block of each operand, rows of a head both; columns outside of the head count as 0.
fn stage_operands(index: u32, left: mat4x4f, right: mat4x4f, inside: bool) {
  let line = index % 8u;
  let block = index / 8u;
  let columns = transpose(right);
  // Zeros on one side are enough.
  stage[line].rows[0][block] = select(vec4f(), left[0], inside);
  stage[line].rows[1][block] = select(vec4f(), left[1], inside);
  stage[line].rows[2][block] = select(vec4f(), left[2], inside);
  stage[line].rows[3][block] = select(vec4f(), left[3], inside);
  stage[line + 8u].rows[0][block] = columns[0];
  stage[line + 8u].rows[1][block] = columns[1];
  stage[line + 8u].rows[2][block] = columns[2];
  stage[line + 8u].rows[3][block] = columns[3];
}

// products + left · rightᵀ of what is staged
fn multiply_staged(products: mat4x4f, thread: vec3u) -> mat4x4f {
  var c = products;
  for (var k = 0u; k < 8u; k++) {
    c = multiply_add(c, staged_block(k, thread.y), staged_block(k + 8u, thread.x));
  }
  return c;
}

fn staged_block(line: u32, block: u32) -> mat4x4f {
  return mat4x4f(
    stage[line].rows[0][block],
    stage[line].rows[1][block],
    stage[line].rows[2][block],
    stage[line].rows[3][block],
  );
}

// The thread's block of the weights of 32 rows by 32 tokens, which the wide operand has along its lines.
fn stage_weights(thread: vec3u, weights: mat4x4f) {
  weight_stage[thread.x].rows[0][thread.y] = weights[0];
  weight_stage[thread.x].rows[1][thread.y] = weights[1];
  weight_stage[thread.x].rows[2][thread.y] = weights[2];
  weight_stage[thread.x].rows[3][thread.y] = weights[3];
}

fn weight_block(line: u32, block: u32) -> mat4x4f {
  return mat4x4f(
    weight_stage[line].rows[0][block],
    weight_stage[line].rows[1][block],
    weight_stage[line].rows[2][block],
    weight_stage[line].rows[3][block],
  );
}

// Every thread stages two blocks of the wide operand: four tokens from wide_token, and those 16 later, at wide_column.
fn stage_wide(index: u32, early: mat4x4f, late: mat4x4f) {
  let line = index % OUTER;
  let block = index / OUTER;
  stage[line].rows[0][block] = early[0];
  stage[line].rows[1][block] = early[1];
  stage[line].rows[2][block] = early[2];
  stage[line].rows[3][block] = early[3];
  stage[line].rows[0][block + 4u] = late[0];
  stage[line].rows[1][block + 4u] = late[1];
  stage[line].rows[2][block + 4u] = late[2];
  stage[line].rows[3][block + 4u] = late[3];
}

fn wide_token(index: u32) -> u32 {
  return index / OUTER * 4u;
}

// Columns outside of the head repeat its last; what they give is thrown away.
fn wide_column(index: u32, work: Work) -> u32 {
  return min(work.column + index % OUTER, work.width - 1u);
}

struct Wide { near: mat4x4f, far: mat4x4f }

// sums + weights · wide of what is staged
fn multiply_wide(sums: Wide, thread: vec3u) -> Wide {
  var near = sums.near;
  var far = sums.far;
  for (var k = 0u; k < 8u; k++) {
    let a = weight_block(k, thread.y);
    near = multiply_add(near, a, staged_block(thread.x, k));
    far = multiply_add(far, a, staged_block(thread.x + 8u, k));
  }
  return Wide(near, far);
}

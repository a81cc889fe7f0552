// Tiles of 32 by 32 tokens for 8 × 8 threads. Thread (x, y) has rows 4y to 4y + 3; its columns are 4x to 4x + 3, and in
// results as wide as a head also those 32 further on, of the 64 that a workgroup makes. Wider heads take several
// workgroups, which repeat the scores. 13 KiB of workgroup memory with lib/workgroup.wgsl.
const TILE = 32u;
// Columns of a head, in vec4s: staged at a time for products of two heads, and made by a workgroup.
const INNER = 8u;
const OUTER = 16u;
const RIGHT = 256u;

// Either two operands of 32 rows by 32 columns, 8 × 8 blocks each, or one of 32 rows by 64 columns, line by line.
var<workgroup> stage: array<vec4f, 512>;
var<workgroup> weight_stage: array<vec4f, 256>;

// What a workgroup works on: its tile begins at token `first`, its columns at `column` (in vec4s).
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

// Where the first row of a block lies; the others follow at 8, 16 and 24. Lines of 8 blocks are turned by one from block
// to block along k, so that threads which write neighbours along either way meet different banks.
fn place(block: u32, k: u32) -> u32 {
  return k * 32u + (block + k) % 8u;
}

// Every thread stages one block of each operand, rows of a head both; columns outside of the head count as 0.
fn stage_operands(index: u32, left: mat4x4f, right: mat4x4f, inside: bool) {
  let at = place(index / 8u, index % 8u);
  // Zeros on one side are enough.
  stage[at] = select(vec4f(), left[0], inside);
  stage[at + 8u] = select(vec4f(), left[1], inside);
  stage[at + 16u] = select(vec4f(), left[2], inside);
  stage[at + 24u] = select(vec4f(), left[3], inside);
  let columns = transpose(right);
  stage[RIGHT + at] = columns[0];
  stage[RIGHT + at + 8u] = columns[1];
  stage[RIGHT + at + 16u] = columns[2];
  stage[RIGHT + at + 24u] = columns[3];
}

// products + left · rightᵀ of what is staged
fn multiply_staged(products: mat4x4f, thread: vec3u) -> mat4x4f {
  var c = products;
  for (var k = 0u; k < 8u; k++) {
    let l = place(thread.y, k);
    let r = RIGHT + place(thread.x, k);
    c = multiply_add(
      c,
      mat4x4f(stage[l], stage[l + 8u], stage[l + 16u], stage[l + 24u]),
      mat4x4f(stage[r], stage[r + 8u], stage[r + 16u], stage[r + 24u]),
    );
  }
  return c;
}

// The thread's block of the weights of 32 rows by 32 tokens, which the wide operand has along its lines.
fn stage_weights(thread: vec3u, weights: mat4x4f) {
  let at = place(thread.y, thread.x);
  weight_stage[at] = weights[0];
  weight_stage[at + 8u] = weights[1];
  weight_stage[at + 16u] = weights[2];
  weight_stage[at + 24u] = weights[3];
}

// Every thread stages two blocks of the wide operand: four tokens from wide_token, and those 16 later, at wide_column.
fn stage_wide(index: u32, early: mat4x4f, late: mat4x4f) {
  let at = index / OUTER * 4u * OUTER + index % OUTER;
  stage[at] = early[0];
  stage[at + OUTER] = early[1];
  stage[at + 2u * OUTER] = early[2];
  stage[at + 3u * OUTER] = early[3];
  stage[RIGHT + at] = late[0];
  stage[RIGHT + at + OUTER] = late[1];
  stage[RIGHT + at + 2u * OUTER] = late[2];
  stage[RIGHT + at + 3u * OUTER] = late[3];
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
    let w = place(thread.y, k);
    let a = mat4x4f(weight_stage[w], weight_stage[w + 8u], weight_stage[w + 16u], weight_stage[w + 24u]);
    near = multiply_add(near, a, wide_block(k, thread.x));
    far = multiply_add(far, a, wide_block(k, thread.x + 8u));
  }
  return Wide(near, far);
}

fn wide_block(k: u32, column: u32) -> mat4x4f {
  let at = k * 4u * OUTER + column;
  return mat4x4f(stage[at], stage[at + OUTER], stage[at + 2u * OUTER], stage[at + 3u * OUTER]);
}

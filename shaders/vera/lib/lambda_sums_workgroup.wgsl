// Reduces a tile to λ's partial sums in workgroup memory, which is 0 at first. Each 4 × 4 block has four row sums. A thread's two blocks
// in the same columns, 32 rows apart, share four column sums.
var<workgroup> row_sums: array<vec4f, 256>;    // 16 row blocks × 16 column blocks
var<workgroup> column_sums: array<vec4f, 128>; // 16 column blocks × 8 row blocks

fn finish(row: u32, j: u32, block: mat4x4f) {
  let sums = block_sums(row, j, block);
  let row_block = row / 4u % 16u;
  let column_block = j / 4u % 16u;
  row_sums[row_block * 16u + column_block] = sums.by_row;
  column_sums[column_block * 8u + row_block % 8u] += sums.by_column;
}

fn finish_tile(group: vec3u, thread: u32) {
  workgroupBarrier();
  if (thread < 64u) {
    let block = thread / 4u;
    let quarter = thread % 4u;
    let at = block * 16u + quarter * 4u;
    let by_row = (row_sums[at] + row_sums[at + 1u]) + (row_sums[at + 2u] + row_sums[at + 3u]);
    put_row_sums(group, quarter, group.x * 64u + block * 4u, by_row);
    let pair = block * 8u + quarter * 2u;
    put_column_sums(group, quarter, group.y * 64u + block * 4u, column_sums[pair] + column_sums[pair + 1u]);
  }
}

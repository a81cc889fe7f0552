// Reduces a tile of 32 × 32 to λ's partial sums in workgroup memory: each 4 × 4 block has four row sums and four column sums. Four
// such tiles form one of the 64 × 64 tiles that lib/lambda_partials.wgsl counts. A small tile has two of the large tile's quarters of rows,
// and two of its quarters of columns.
// with lib/tile_staged_block.wgsl
var<workgroup> row_sums: array<vec4f, 64>;    // 8 row blocks × 8 column blocks
var<workgroup> column_sums: array<vec4f, 64>; // 8 column blocks × 8 row blocks

fn finish(row: u32, j: u32, block: mat4x4f) {
  let sums = block_sums(row, j, block);
  let row_block = row / 4u % 8u;
  let column_block = j / 4u % 8u;
  row_sums[row_block * 8u + column_block] = sums.by_row;
  column_sums[column_block * 8u + row_block] = sums.by_column;
}

// Each of 16 threads stores the sums of four rows over a quarter of the columns, and those of four columns over a quarter of the rows.
fn finish_tile(group: vec3u, thread: u32) {
  workgroupBarrier();
  if (thread < 16u) {
    let block = thread / 2u;
    let quarter = thread % 2u;
    let at = block * 8u + quarter * 4u;
    let large = vec3u(group.x / 2u, group.y / 2u, group.z);
    let by_row = (row_sums[at] + row_sums[at + 1u]) + (row_sums[at + 2u] + row_sums[at + 3u]);
    put_row_sums(large, group.y % 2u * 2u + quarter, group.x * SIDE + block * 4u, by_row);
    let by_column = (column_sums[at] + column_sums[at + 1u]) + (column_sums[at + 2u] + column_sums[at + 3u]);
    put_column_sums(large, group.x % 2u * 2u + quarter, group.y * SIDE + block * 4u, by_column);
  }
}

// Reduces a tile to λ's partial sums in registers: each quad of threads computes a quarter of the tile's rows and a quarter of its columns.
var<private> row_sums: array<vec4f, 4>; // of this thread's four blocks, in the order of their rows
var<private> column_sums: vec4f;        // over all four of these blocks

fn finish(row: u32, j: u32, block: mat4x4f) {
  let sums = block_sums(row, j, block);
  row_sums[(row >> 2u) & 3u] = sums.by_row;
  column_sums += sums.by_column;
}

fn finish_tile(group: vec3u, thread: u32) {
  for (var i = 0u; i < 4u; i++) {
    let pair = row_sums[i] + quadSwapX(row_sums[i]);
    let by_row = pair + quadSwapY(pair);
    if ((thread & 3u) == 0u) {
      put_row_sums(group, (thread & 15u) >> 2u, first_row_of_quad(group, thread) + i * 4u, by_row);
    }
  }
  put_column_sums(group, thread >> 4u, column_of(group, thread), column_sums);
}

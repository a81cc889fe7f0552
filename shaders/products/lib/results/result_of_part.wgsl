// For parts (matrix products that share a dispatch) side by side in the columns of the grid: each part has its own result, whose rows are
// whole words. The kernel's `put` writes a word of the result of the part result_part.
// with lib/column_parts.wgsl, lib/result_*.wgsl
var<private> result_part: u32;

fn finish(row: u32, column: u32, block: mat4x4f) {
  let part = part_of(column);
  let own = column - first_column(part);
  if (own < size_of(part)) {
    result_part = part;
    put_block(row, own, block);
  }
}

fn result_start(row: u32) -> u32 {
  return row * size_of(result_part);
}

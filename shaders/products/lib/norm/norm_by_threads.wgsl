// The product as in tile_wide, 8 × 8 results at a time, but a thread goes through all columns of its eight rows, after it has normalised them.
// grid: 32 rows in x
// with lib/norm_of_rows.wgsl
struct Blocks { c00: mat4x4f, c01: mat4x4f, c10: mat4x4f, c11: mat4x4f }

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * 32u + index * 8u;
  if (row < rows()) {
    normalise(row, 8u);
    for (var column = 0u; column < columns(); column += 8u) {
      let c = sums_of(row, column);
      put_block(row, column, c.c00);
      put_block(row, column + 4u, c.c01);
      put_block(row + 4u, column, c.c10);
      put_block(row + 4u, column + 4u, c.c11);
    }
  }
}

fn sums_of(row: u32, column: u32) -> Blocks {
  var c = Blocks();
  let left0 = left_begin(0u, row);
  let left1 = left_begin(0u, row + 4u);
  let right0 = right_begin(0u, column);
  let right1 = right_begin(0u, column + 4u);
  for (var k = 0u; k < inner(0u); k += 4u) {
    let a0 = left_block(0u, left0, k);
    let a1 = left_block(0u, left1, k);
    let b0 = right_block(0u, right0, k);
    let b1 = right_block(0u, right1, k);
    c = Blocks(
      multiply_add(c.c00, a0, b0),
      multiply_add(c.c01, a0, b1),
      multiply_add(c.c10, a1, b0),
      multiply_add(c.c11, a1, b1),
    );
  }
  return c;
}

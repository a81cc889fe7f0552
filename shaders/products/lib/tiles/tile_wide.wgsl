// Tile of 64 × 64 results for 8 × 8 threads. Each computes four 4 × 4 blocks and reads its operands directly from memory. For each result,
// it reads two thirds as many operands as tile_register. Its sums take twice as many registers.
// grid: 64 rows in x, 64 columns in y
// with lib/square.wgsl
const SIDE = 64u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  if (row < rows() && column < columns()) {
    var c = Square();
    if (low_inner() > 0u) {
      let left0 = low_left_begin(row);
      let left1 = low_left_begin(row + 32u);
      let right0 = low_right_begin(column);
      let right1 = low_right_begin(column + 32u);
      for (var k = 0u; k < low_inner(); k += 4u) {
        c = multiply_add_square(
          c,
          low_left_block(left0, k),
          low_left_block(left1, k),
          low_right_block(right0, k),
          low_right_block(right1, k),
        );
      }
      c = scale_square(c, low_scale(column), low_scale(column + 32u));
    }
    c = add_parts(c, group, thread);
    finish_square(row, column, c);
  }
  finish_tile(group, thread.y * 8u + thread.x);
}

fn add_part(part: u32, before: Square, group: vec3u, thread: vec3u) -> Square {
  var c = before;
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  let left0 = left_begin(part, row);
  let left1 = left_begin(part, row + 32u);
  let right0 = right_begin(part, column);
  let right1 = right_begin(part, column + 32u);
  let end = k_end(part, group);
  let whole = end & ~3u;
  for (var k = k_begin(group); k < whole; k += 4u) {
    c = multiply_add_square(
      c,
      left_whole_block(part, left0, k),
      left_whole_block(part, left1, k),
      right_whole_block(part, right0, k),
      right_whole_block(part, right1, k),
    );
  }
  if (whole < end) {
    c = multiply_add_square(
      c,
      left_block(part, left0, whole),
      left_block(part, left1, whole),
      right_block(part, right0, whole),
      right_block(part, right1, whole),
    );
  }
  return c;
}

fn multiply_add_square(c: Square, a0: mat4x4f, a1: mat4x4f, b0: mat4x4f, b1: mat4x4f) -> Square {
  return Square(
    multiply_add(c.c00, a0, b0),
    multiply_add(c.c01, a0, b1),
    multiply_add(c.c10, a1, b0),
    multiply_add(c.c11, a1, b1),
  );
}

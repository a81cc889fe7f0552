// Tile of up to 4 rows × 4 columns for each thread alone: with few rows, reading the right operand is all the work, and it
// is read once.
// grid: 64 columns a workgroup, folded into x and y
alias Sums = mat4x4f;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
) {
  let column = ((group.y * groups.x + group.x) * 16u + thread.x) * 4u;
  if (column >= columns()) {
    return;
  }
  var c = mat4x4f();
  if (low_inner() > 0u) {
    let low_left = low_left_begin(0u);
    let low_right = low_right_begin(column);
    for (var k = 0u; k < low_inner(); k += 4u) {
      let b = low_right_block(low_right, k);
      c[0] = multiply_add_row(c[0], low_left4(low_left.x, k), b);
      if (rows() > 1u) {
        c[1] = multiply_add_row(c[1], low_left4(low_left.y, k), b);
        c[2] = multiply_add_row(c[2], low_left4(low_left.z, k), b);
        c[3] = multiply_add_row(c[3], low_left4(low_left.w, k), b);
      }
    }
    c = scale_columns(c, low_scale(column));
  }
  finish(0u, column, add_parts(c, vec3u(), vec3u(column, 0u, 0u)));
}

// Here `thread` holds the column.
fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  var c = before;
  let left = left_begin(part, 0u);
  let right = right_begin(part, thread.x);
  for (var k = 0u; k < inner(part); k += 4u) {
    let b = right_block(part, right, k);
    c[0] = multiply_add_row(c[0], left4(part, left.x, k), b);
    if (rows() > 1u) {
      c[1] = multiply_add_row(c[1], left4(part, left.y, k), b);
      c[2] = multiply_add_row(c[2], left4(part, left.z, k), b);
      c[3] = multiply_add_row(c[3], left4(part, left.w, k), b);
    }
  }
  return c;
}

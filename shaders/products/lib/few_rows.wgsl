// Computes one thread's share of up to 4 rows × 4 columns: four values of k at a time, from `first` in steps of `step`. With few rows,
// reading the right operand takes most of the time, so it is read only once. A single row has its own loops, because a branch
// inside a loop would cost software GPUs as much as the reads.
alias Sums = mat4x4f;
// The number of columns per thread, or per workgroup in tile_row. `group.y` counts columns in units of SIDE.
const SIDE = 4u;

fn low_rows(column: u32, first: u32, step: u32) -> Sums {
  var c = mat4x4f();
  if (low_inner() > 0u) {
    let left = low_left_begin(0u);
    let right = low_right_begin(column);
    if (rows() == 1u) {
      for (var k = first; k < low_inner(); k += step) {
        c[0] = multiply_add_row(c[0], low_left4(left.x, k), low_right_block(right, k));
      }
    } else {
      for (var k = first; k < low_inner(); k += step) {
        let b = low_right_block(right, k);
        c[0] = multiply_add_row(c[0], low_left4(left.x, k), b);
        c[1] = multiply_add_row(c[1], low_left4(left.y, k), b);
        c[2] = multiply_add_row(c[2], low_left4(left.z, k), b);
        c[3] = multiply_add_row(c[3], low_left4(left.w, k), b);
      }
    }
    c = scale_columns(c, low_scale(column));
  }
  return c;
}

fn add_rows(part: u32, before: Sums, column: u32, first: u32, step: u32) -> Sums {
  var c = before;
  let left = left_begin(part, 0u);
  let right = right_begin(part, column);
  if (rows() == 1u) {
    for (var k = first; k < inner(part); k += step) {
      c[0] = multiply_add_row(c[0], left4(part, left.x, left_place(k)), right_block(part, right, k));
    }
  } else {
    for (var k = first; k < inner(part); k += step) {
      let b = right_block(part, right, k);
      c[0] = multiply_add_row(c[0], left4(part, left.x, left_place(k)), b);
      c[1] = multiply_add_row(c[1], left4(part, left.y, left_place(k)), b);
      c[2] = multiply_add_row(c[2], left4(part, left.z, left_place(k)), b);
      c[3] = multiply_add_row(c[3], left4(part, left.w, left_place(k)), b);
    }
  }
  return c;
}

// Tile of up to 4 rows × 4 columns for 64 threads, which share the K ranges: with few rows, reading the right operand
// is all the work, and it is read once.
// grid: 4 columns a workgroup, folded into x and y
const THREADS = 64u;
alias Sums = mat4x4f;
var<workgroup> partial_rows: array<vec4f, 256>; // 4 rows × 64 threads

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = (group.y * groups.x + group.x) * 4u;
  var c = mat4x4f();
  if (low_inner() > 0u) {
    let low_left = low_left_begin(0u);
    let low_right = low_right_begin(column);
    for (var k = thread * 4u; k < low_inner(); k += THREADS * 4u) {
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
  c = add_parts(c, vec3u(column / 4u, 0u, 0u), vec3u(thread, 0u, 0u));
  partial_rows[thread] = c[0];
  partial_rows[THREADS + thread] = c[1];
  partial_rows[2u * THREADS + thread] = c[2];
  partial_rows[3u * THREADS + thread] = c[3];
  for (var half = THREADS / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) {
      for (var row = 0u; row < rows(); row++) {
        partial_rows[row * THREADS + thread] += partial_rows[row * THREADS + thread + half];
      }
    }
  }
  if (thread == 0u) {
    finish(0u, column, mat4x4f(
      partial_rows[0],
      partial_rows[THREADS],
      partial_rows[2u * THREADS],
      partial_rows[3u * THREADS],
    ));
  }
}

fn add_part(part: u32, before: Sums, group: vec3u, thread: vec3u) -> Sums {
  var c = before;
  let left = left_begin(part, 0u);
  let right = right_begin(part, group.x * 4u);
  for (var k = thread.x * 4u; k < inner(part); k += THREADS * 4u) {
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

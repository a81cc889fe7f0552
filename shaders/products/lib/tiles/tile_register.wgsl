// Tile of 64 × 64 results for 16 × 8 threads. Each computes two 4 × 4 blocks, 32 rows apart, and reads its operands directly from
// memory: caches serve threads that read the same values.
// grid: 64 rows in x, 64 columns in y
struct Pair { upper: mat4x4f, lower: mat4x4f }
alias Sums = Pair;
const SIDE = 64u;

@compute @workgroup_size(16, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  if (row < rows() && column < columns()) {
    var upper = mat4x4f();
    var lower = mat4x4f();
    if (low_inner() > 0u) {
      let low_upper_begin = low_left_begin(row);
      let low_lower_begin = low_left_begin(row + 32u);
      let low_begin = low_right_begin(column);
      for (var k = 0u; k < low_inner(); k += 4u) {
        let b = low_right_block(low_begin, k);
        upper = multiply_add(upper, low_left_block(low_upper_begin, k), b);
        lower = multiply_add(lower, low_left_block(low_lower_begin, k), b);
      }
      upper = scale_columns(upper, low_scale(column));
      lower = scale_columns(lower, low_scale(column));
    }
    let c = add_parts(Pair(upper, lower), group, thread);
    finish(row, column, c.upper);
    finish(row + 32u, column, c.lower);
  }
  finish_tile(group, thread.y * 16u + thread.x);
}

fn add_part(part: u32, before: Pair, group: vec3u, thread: vec3u) -> Pair {
  var c = before;
  let row = group.x * 64u + thread.y * 4u;
  let column = group.y * 64u + thread.x * 4u;
  let upper_begin = left_begin(part, row);
  let lower_begin = left_begin(part, row + 32u);
  let begin = right_begin(part, column);
  let end = k_end(part, group);
  let whole = end & ~3u;
  for (var k = k_begin(group); k < whole; k += 4u) {
    let b = right_whole_block(part, begin, k);
    c.upper = multiply_add(c.upper, left_whole_block(part, upper_begin, k), b);
    c.lower = multiply_add(c.lower, left_whole_block(part, lower_begin, k), b);
  }
  if (whole < end) {
    let b = right_block(part, begin, whole);
    c.upper = multiply_add(c.upper, left_block(part, upper_begin, whole), b);
    c.lower = multiply_add(c.lower, left_block(part, lower_begin, whole), b);
  }
  return c;
}

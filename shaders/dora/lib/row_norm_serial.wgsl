// Sums the values of each row of a matrix, with one thread per row. The kernel defines the values (square, and four_squares for four
// columns), and stores the total (finish).
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let m = flat_index(id, groups);
  if (m >= p.M) {
    return;
  }
  var squares = 0.0;
  var k = 0u;
  for (; k + 4u <= p.K; k += 4u) {
    let four = four_squares(m, k);
    squares += four.x;
    squares += four.y;
    squares += four.z;
    squares += four.w;
  }
  for (; k < p.K; k++) {
    squares += square(m, k);
  }
  finish(m, squares);
}

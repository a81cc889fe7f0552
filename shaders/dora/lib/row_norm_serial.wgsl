// A sum for each row of a matrix: one thread per row. The form says what is added up (square) and where the total goes (finish).
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let m = flat_index(id, groups);
  if (m >= p.M) {
    return;
  }
  var squares = 0.0;
  for (var k = 0u; k < p.K; k++) {
    squares += square(m, k);
  }
  finish(m, squares);
}

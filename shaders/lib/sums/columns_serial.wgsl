// Sums the terms of each column of a table, with one thread per column. The kernel defines the terms (Term, rows, columns,
// term), and stores the total (finish).
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_index(id, groups);
  if (c >= columns()) {
    return;
  }
  var total = Term();
  for (var n = 0u; n < rows(); n++) {
    total += term(n, c);
  }
  finish(c, total);
}

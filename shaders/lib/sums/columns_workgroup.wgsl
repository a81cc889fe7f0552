// Sums the terms of each column of a table, with one workgroup per 16 columns: each of a column's 16 threads takes every 16th
// row. The kernel defines the terms (Term, rows, columns, term), and stores the total (finish).
const COLUMNS = 16u;
const LANES = 16u;
var<workgroup> lane_sums: array<Term, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x * COLUMNS + thread % COLUMNS;
  let lane = thread / COLUMNS;
  var total = Term();
  if (c < columns()) {
    for (var n = lane; n < rows(); n += LANES) {
      total += term(n, c);
    }
  }
  lane_sums[thread] = total;
  workgroupBarrier();
  if (lane == 0u && c < columns()) {
    for (var i = 1u; i < LANES; i++) {
      total += lane_sums[i * COLUMNS + thread];
    }
    finish(c, total);
  }
}

// Completes a tile for kernels with one part. A part is one of several products with operands of their own that one kernel
// computes.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_part(0u, before, group, thread);
}

// One past the last row of the result.
fn rows_end(group: vec3u) -> u32 {
  return rows();
}

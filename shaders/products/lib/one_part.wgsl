// Completes a tile for kernels that compute only one matrix product. Other kernels compute several, called parts, each with its own
// operands.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_part(0u, before, group, thread);
}

// One past the last row of the result.
fn rows_end(group: vec3u) -> u32 {
  return rows();
}

// Completes a tile for products of one part. In those of several, each part has operands of its own, and all go into the
// same result.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_part(0u, before, group, thread);
}

// One past the last row of the result.
fn rows_end(group: vec3u) -> u32 {
  return rows();
}

// Completes a tile for products of one part. A part is one of up to three products, each with its own operands, that go into
// one result.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_part(0u, before, group, thread);
}

// One past the last row of the result.
fn rows_end(group: vec3u) -> u32 {
  return rows();
}

// Completes a tile for kernels in which each workgroup computes one of several matrix products (parts): tile_part. There may be two sets
// of buffers for the operands. In these kernels, the parameter `part` of functions is the number of a set, 0 or 1, not of a part. It is a
// constant in each of the two calls of add_part, so that compilers know which buffers each loop reads.
var<private> tile_part: u32;

fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  let part = part_of(group.x * SIDE);
  tile_part = part;
  var c = before;
  if (has_other_operands(part)) {
    c = add_part(1u, c, group, thread);
  } else {
    c = add_part(0u, c, group, thread);
  }
  return c;
}

// One past the last row of the workgroup's part.
fn rows_end(group: vec3u) -> u32 {
  let part = part_of(group.x * SIDE);
  return first_row(part) + size_of(part);
}

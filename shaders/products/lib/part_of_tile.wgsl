// Completes a tile for products in which each workgroup computes one part, and parts share buffers; some may have other operands.
// tile_part holds the workgroup's part. Functions with a parameter `part` get a constant instead of it: 1 for other operands, else 0. The
// calls are written out, so that compilers know which buffers each loop reads.
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

// Completes a tile for kernels in which each workgroup computes one part. Parts share buffers, but the operands of some parts may be in
// other buffers. tile_part is the workgroup's part. The parameter `part` of functions is a constant instead: 1 for operands in the other
// buffers, else 0. The calls are written out, so that compilers know which buffers each loop reads.
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

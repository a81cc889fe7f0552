// Completes a tile for products in which each workgroup computes one part, and all parts share buffers.
// tile_part holds the workgroup's part. Functions with a parameter for it get the constant 0 instead.
var<private> tile_part: u32;

fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  tile_part = part_of(group.x * 64u);
  return add_part(0u, before, group, thread);
}

// One past the last row of the workgroup's part.
fn rows_end(group: vec3u) -> u32 {
  let part = part_of(group.x * 64u);
  return first_row(part) + size_of(part);
}

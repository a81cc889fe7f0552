// Completes a tile for products of which every workgroup has one part, of those that share their buffers.
// Which one that is lies in tile_part. Functions that take a part are given 0, a constant.
var<private> tile_part: u32;

fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  tile_part = part_of(group.x * 64u);
  return add_part(0u, before, group, thread);
}

// One past the last row of the part that a workgroup has.
fn rows_end(group: vec3u) -> u32 {
  let part = part_of(group.x * 64u);
  return first_row(part) + size_of(part);
}

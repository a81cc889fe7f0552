// Completes a tile for products of which every workgroup has one part, of those that share their buffers.
var<private> tile_part: u32;

fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  tile_part = part_of(group.x * 64u);
  return add_part(0u, before, group, thread);
}

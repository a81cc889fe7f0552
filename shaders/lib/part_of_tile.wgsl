// Completes a tile for products of which every workgroup has one part, of those that share their buffers.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  return add_part(part_of(group.x * 64u), before, group, thread);
}

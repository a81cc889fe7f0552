// Returns the value for part 0, 1 or 2 (one of a kernel's matrix products), without branches, because loops call it.
fn of_part(part: u32, parts: vec3u) -> u32 {
  return select(select(parts.z, parts.y, part == 1u), parts.x, part == 0u);
}

// What belongs to a part, of three: without branches, as it may be asked for in loops.
fn of_part(part: u32, parts: vec3u) -> u32 {
  return select(select(parts.z, parts.y, part == 1u), parts.x, part == 0u);
}

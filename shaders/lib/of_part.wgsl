// What belongs to a part, of three
fn of_part(part: u32, parts: vec3u) -> u32 {
  switch (part) {
    case 0u: {
      return parts.x;
    }
    case 1u: {
      return parts.y;
    }
    default: {
      return parts.z;
    }
  }
}

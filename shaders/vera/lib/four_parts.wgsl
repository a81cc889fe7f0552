// For up to four parts (matrix products that share a dispatch), one below the other in the rows of the grid: M0 to M3 rows, each part
// padded to whole tiles of up to 64 rows.
// with lib/of_part.wgsl
fn first_row(part: u32) -> u32 {
  let whole = (vec3u(p.M0, p.M1, p.M2) + 63u) & vec3u(~63u);
  return of_four(part, vec4u(0u, whole.x, whole.x + whole.y, whole.x + whole.y + whole.z));
}

fn part_of(row: u32) -> u32 {
  return u32(row >= first_row(1u)) + u32(row >= first_row(2u)) + u32(row >= first_row(3u));
}

fn size_of(part: u32) -> u32 {
  return of_four(part, vec4u(p.M0, p.M1, p.M2, p.M3));
}

fn of_four(part: u32, parts: vec4u) -> u32 {
  return select(of_part(part, parts.xyz), parts.w, part == 3u);
}

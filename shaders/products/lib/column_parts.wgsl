// Completes a kernel whose parts (matrix products that share a dispatch) are side by side in the columns of its grid, each padded to whole
// tiles of up to 64 columns.
// The kernel defines size_of, the number of a part's columns.
// with lib/of_part.wgsl, lib/parts_apart.wgsl
fn columns() -> u32 {
  return first_column(2u) + size_of(2u);
}

fn first_column(part: u32) -> u32 {
  let whole = (vec2u(size_of(0u), size_of(1u)) + 63u) & vec2u(~63u);
  return of_part(part, vec3u(0u, whole.x, whole.x + whole.y));
}

fn part_of(column: u32) -> u32 {
  return u32(column >= first_column(1u)) + u32(column >= first_column(2u));
}

fn has_part(part: u32, group: vec3u) -> bool {
  let column = group.y * SIDE;
  return part_of(column) == part && column - first_column(part) < size_of(part);
}

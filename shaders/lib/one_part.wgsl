// Completes a tile for products of one part. Those of several say for each which workgroups take part in it: each part has
// operands of its own, and all go into the same result.
fn has_part(part: u32, group: vec3u) -> bool {
  return part == 0u;
}

// The element of a thread in a grid made by flatGrid: 64 threads a workgroup, folded into x and y.
fn flat_index(id: vec3u, groups: vec3u) -> u32 {
  return id.y * groups.x * 64u + id.x;
}

// The index of a thread's element in a grid that flatGrid made: workgroups of 64 threads, folded into x and y.
fn flat_index(id: vec3u, groups: vec3u) -> u32 {
  return id.y * groups.x * 64u + id.x;
}

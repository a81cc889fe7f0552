// The index of a thread's element in a grid that flatGrid made: workgroups of 64 threads, folded into x and y. As their number in x is
// limited, they form several rows, one after the other in y.
fn flat_index(id: vec3u, groups: vec3u) -> u32 {
  return id.y * groups.x * 64u + id.x;
}

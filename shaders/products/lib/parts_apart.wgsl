// Completes a tile for kernels with up to three parts (matrix products that share a dispatch), with operands in separate buffers.
// There is a call of add_part for each part instead of a loop, so that compilers know which buffers each call reads. The kernel's has_part
// says which workgroups compute a part.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  var c = before;
  if (has_part(0u, group)) {
    c = add_part(0u, c, group, thread);
  }
  if (has_part(1u, group)) {
    c = add_part(1u, c, group, thread);
  }
  if (has_part(2u, group)) {
    c = add_part(2u, c, group, thread);
  }
  return c;
}

// One past the last row of the result.
fn rows_end(group: vec3u) -> u32 {
  return rows();
}

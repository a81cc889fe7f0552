// Completes a tile for kernels whose workgroups each loop over all of K. Kernels that split K into slices define k_begin and
// k_end themselves.
fn k_begin(group: vec3u) -> u32 {
  return 0u;
}

fn k_end(part: u32, group: vec3u) -> u32 {
  return inner(part);
}

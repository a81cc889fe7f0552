// Completes a tile for kernels with up to three parts (matrix products that share a dispatch), whose operands share buffers: every
// workgroup adds the parts one after the other, in a loop. So the shader has only one loop over K, and values that depend on the part are
// computed before it. The kernel's `parts` returns the number of parts.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  var c = before;
  var part = 0u;
  loop {
    c = add_part(part, c, group, thread);
    continuing {
      part++;
      break if part >= parts();
    }
  }
  return c;
}

// One past the last row of the result.
fn rows_end(group: vec3u) -> u32 {
  return rows();
}

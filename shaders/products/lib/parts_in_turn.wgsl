// Completes a tile for products of up to three parts that share buffers: every workgroup adds one after the other, in a loop, so
// that the text has one K loop, and what depends on the part is computed before it. The kernel's parts says how many there are.
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

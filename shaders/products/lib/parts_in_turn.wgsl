// Completes a tile for products of up to three parts that share buffers: every workgroup adds them one after the other, in a
// loop. So the text has one K loop, and values that depend on the part are computed before it. The kernel's `parts` returns their number.
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

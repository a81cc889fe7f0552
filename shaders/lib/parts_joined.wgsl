// Completes a tile for products of up to three parts whose operands lie in the same buffers. The kernel says where, and
// which workgroups take part in a part.
fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  var c = before;
  for (var part = 0u; part < 3u; part++) {
    if (has_part(part, group)) {
      c = add_part(part, c, group, thread);
    }
  }
  return c;
}

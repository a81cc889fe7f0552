// The product as in tile_subgroup, but a quad first normalises its 16 rows, and then computes all columns of the result for them.
// grid: 32 rows in x
// with lib/norm_of_rows.wgsl or lib/norm_gradient_of_rows.wgsl, lib/neighbours.wgsl
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = group.x * 32u + (index >> 2u) * 16u;
  if (row < rows()) {
    let own_row = row + (index & 3u) * 4u;
    normalise(own_row, 4u);
    let left = left_begin(0u, own_row);
    for (var column = (index & 3u) * 4u; (column & ~15u) < columns(); column += 16u) {
      let c = sums_of(left, column);
      // The bound isn't a constant, so that compilers don't unroll the loop, as in tile_subgroup.
      let blocks = select(0u, 4u, column < columns());
      for (var i = 0u; i < blocks; i++) {
        finish(row + neighbour(index, i) * 4u, column, block_of(c, i));
      }
    }
  }
}

fn sums_of(left: vec4u, column: u32) -> Blocks {
  var c = Blocks();
  let right = right_begin(0u, column);
  for (var k = 0u; k < inner(0u); k += 4u) {
    c = add_neighbours_times(c, left_block(0u, left, k), right_block(0u, right, k));
  }
  return c;
}

fn block_of(c: Blocks, i: u32) -> mat4x4f {
  return mat4x4f(
    one_of(c.b0[0], c.b1[0], c.b2[0], c.b3[0], i),
    one_of(c.b0[1], c.b1[1], c.b2[1], c.b3[1], i),
    one_of(c.b0[2], c.b1[2], c.b2[2], c.b3[2], i),
    one_of(c.b0[3], c.b1[3], c.b2[3], c.b3[3], i),
  );
}

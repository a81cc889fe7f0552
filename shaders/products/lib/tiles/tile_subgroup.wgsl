// Tile of 64 × 64 results for 64 threads, four 4 × 4 blocks each. The four threads of a quad have the same rows: each reads one of
// the four left blocks from memory and gets the others from its neighbours' registers.
// Quads don't depend on each other, so four workgroups compute a tile, 16 columns each: even small results keep several
// cores busy.
// grid: 64 rows in x, 16 columns in y
// with lib/neighbours.wgsl
alias Sums = Blocks;
const SIDE = 64u;

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let quarter = id + vec3u(p.first_x, p.first_y, 0u);
  let group = vec3u(quarter.x, quarter.y >> 2u, quarter.z);
  let thread = vec3u((index >> 2u) * 16u + (quarter.y & 3u) * 4u + (index & 3u), 0u, 0u);
  let row = first_row_of_quad(group, thread.x);
  let column = column_of(group, thread.x);
  var c = Blocks();
  let has_rows = row < rows_end(group);
  if (has_rows && (column & ~15u) < columns()) {
    if (low_inner() > 0u) {
      let left = low_left_begin(own_row(group, thread.x));
      let right = low_right_begin(column);
      for (var k = 0u; k < low_inner(); k += 4u) {
        c = add_neighbours_times(c, low_left_block(left, k), low_right_block(right, k));
      }
      let scale = low_scale(column);
      c = Blocks(
        scale_columns(c.b0, scale),
        scale_columns(c.b1, scale),
        scale_columns(c.b2, scale),
        scale_columns(c.b3, scale),
      );
    }
    c = add_parts(c, group, thread);
  }
  // The bound isn't a constant, so compilers don't unroll the loop: unrolled, it would be most of the shader.
  let blocks = select(0u, 4u, has_rows && column < columns());
  for (var i = 0u; i < blocks; i++) {
    finish(row + neighbour(thread.x, i) * 4u, column, block_of(c, i));
  }
  finish_tile(group, thread.x);
}

fn column_of(group: vec3u, thread: u32) -> u32 {
  return group.y * 64u + (thread & 15u) * 4u;
}

// Four adjacent threads, a quad, compute 16 rows of the result.
fn first_row_of_quad(group: vec3u, thread: u32) -> u32 {
  return group.x * 64u + (thread >> 4u) * 16u;
}

// The first of the four rows that this thread reads for its quad.
fn own_row(group: vec3u, thread: u32) -> u32 {
  return first_row_of_quad(group, thread) + (thread & 3u) * 4u;
}

fn add_part(part: u32, before: Blocks, group: vec3u, thread: vec3u) -> Blocks {
  var c = before;
  let left = left_begin(part, own_row(group, thread.x));
  let right = right_begin(part, column_of(group, thread.x));
  let end = k_end(part, group);
  for (var k = k_begin(group); k < end; k += 4u) {
    c = add_neighbours_times(c, left_block(part, left, k), right_block(part, right, k));
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

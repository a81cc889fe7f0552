// Storage of the result: f32, four values a word; the lines are whole words. The kernel's `put` writes a word.
alias Result = vec4f;

// Writes what of a block lies within the result: in a loop, as written out it would be much of a shader.
fn put_block(row: u32, column: u32, block: mat4x4f) {
  var lines = block;
  let count = select(0u, min(4u, rows() - min(row, rows())), column < columns());
  for (var i = 0u; i < count; i++) {
    put((result_start(row + i) + column) >> 2u, lines[0]);
    lines = mat4x4f(lines[1], lines[2], lines[3], lines[0]);
  }
}

fn finish_tile(group: vec3u, thread: u32) {}

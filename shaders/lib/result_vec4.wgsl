// Storage of the result: f32, four values a word; the lines are whole words. The kernel's `put` writes a word.
alias Result = vec4f;

// Writes what of a block lies within the result.
fn put_block(row: u32, column: u32, block: mat4x4f) {
  if (column < columns()) {
    put_line(row, column, block[0]);
    put_line(row + 1u, column, block[1]);
    put_line(row + 2u, column, block[2]);
    put_line(row + 3u, column, block[3]);
  }
}

fn put_line(row: u32, column: u32, values: vec4f) {
  if (row < rows()) {
    put((row * columns() + column) / 4u, values);
  }
}

fn finish_tile(group: vec3u, thread: u32) {}

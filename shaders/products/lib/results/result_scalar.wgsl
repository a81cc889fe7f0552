// Storage format of the result: f32, rows of any length. The kernel's `put` writes a value.
alias Result = f32;

// Writes the values of a block that lie within the result.
fn put_block(row: u32, column: u32, block: mat4x4f) {
  put_line(row, column, block[0]);
  put_line(row + 1u, column, block[1]);
  put_line(row + 2u, column, block[2]);
  put_line(row + 3u, column, block[3]);
}

fn put_line(row: u32, column: u32, values: vec4f) {
  if (row < rows()) {
    let at = result_start(row) + column;
    let count = min(4u, columns() - min(column, columns()));
    for (var i = 0u; i < count; i++) {
      put(at + i, values[i]);
    }
  }
}

fn result_place(at: u32) -> u32 {
  return at;
}

fn finish_tile(group: vec3u, thread: u32) {}

// Ends a tile by handing the kernel's `put` each value that lies within the result.
fn finish(row: u32, column: u32, block: mat4x4f) {
  finish_row(row, column, block[0]);
  finish_row(row + 1u, column, block[1]);
  finish_row(row + 2u, column, block[2]);
  finish_row(row + 3u, column, block[3]);
}

fn finish_row(row: u32, column: u32, values: vec4f) {
  if (row < rows()) {
    finish_value(row, column, values.x);
    finish_value(row, column + 1u, values.y);
    finish_value(row, column + 2u, values.z);
    finish_value(row, column + 3u, values.w);
  }
}

fn finish_value(row: u32, column: u32, value: f32) {
  if (column < columns()) {
    put(row, column, value);
  }
}

fn finish_tile(group: vec3u, thread: u32) {}

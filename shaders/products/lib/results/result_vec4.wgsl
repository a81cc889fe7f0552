// Storage format of the result: f32, four values a word. Rows are whole words. The kernel's `put` writes a word.
alias Result = vec4f;

// Writes the rows of a block that lie within the result. The loop's bound isn't a constant, so compilers don't unroll it: unrolled, it
// would be a large share of the shader's code.
fn put_block(row: u32, column: u32, block: mat4x4f) {
  let count = select(0u, min(4u, rows() - min(row, rows())), column < columns());
  for (var i = 0u; i < count; i++) {
    put((result_start(row + i) + column) >> 2u, one_of(block[0], block[1], block[2], block[3], i));
  }
}

// Writes four values of a row.
fn put_line(row: u32, column: u32, values: vec4f) {
  if (column < columns()) {
    put((result_start(row) + column) >> 2u, values);
  }
}

// The index of the word that holds a value of the result.
fn result_place(at: u32) -> u32 {
  return at >> 2u;
}

fn finish_tile(group: vec3u, thread: u32) {}

// The 8 × 8 results of a thread: four 4 × 4 blocks in a square, 32 rows and 32 columns apart.
struct Square { c00: mat4x4f, c01: mat4x4f, c10: mat4x4f, c11: mat4x4f }
alias Sums = Square;

fn scale_square(c: Square, left: vec4f, right: vec4f) -> Square {
  return Square(
    scale_columns(c.c00, left),
    scale_columns(c.c01, right),
    scale_columns(c.c10, left),
    scale_columns(c.c11, right),
  );
}

fn finish_square(row: u32, column: u32, c: Square) {
  finish(row, column, c.c00);
  finish(row, column + 32u, c.c01);
  finish(row + 32u, column, c.c10);
  finish(row + 32u, column + 32u, c.c11);
}

// attention_backward in tiles of 32 rows by 32 columns: the products over a head's width, which all threads compute together, and
// the place of a thread's results.

// x · zᵀ of the thread's block
fn tile_products(rows: vec4u, columns: vec4u, work: Work, thread: vec3u) -> mat4x4f {
  var s = mat4x4f();
  for (var inner = 0u; inner < work.width; inner += INNER) {
    let c = min(inner + thread.x, work.width - 1u);
    stage_operands(thread, x_block(rows, c), z_block(columns, c), inner + thread.x < work.width);
    workgroupBarrier();
    s = multiply_staged(s, thread);
    workgroupBarrier();
  }
  return s;
}

// less + x_values · z_valuesᵀ of the thread's block
fn add_tile_products_of_values(less: mat4x4f, rows: vec4u, columns: vec4u, work: Work, thread: vec3u) -> mat4x4f {
  var dP = less;
  for (var inner = 0u; inner < work.width; inner += INNER) {
    let inside = inner + thread.x < work.width;
    let c = min(inner + thread.x, work.width - 1u);
    stage_operands(thread, x_values_block(rows, c), z_values_block(columns, c), inside);
    workgroupBarrier();
    dP = multiply_staged(dP, thread);
    workgroupBarrier();
  }
  return dP;
}

fn put_wide(rows: vec4u, work: Work, x: u32, sums: Wide, of_values: bool) {
  let column = work.column + x;
  if (column < work.width) {
    put_either(rows, column, sums.near, of_values);
  }
  if (column + 8u < work.width) {
    put_either(rows, column + 8u, sums.far, of_values);
  }
}

fn put_either(rows: vec4u, column: u32, block: mat4x4f, of_values: bool) {
  if (of_values) {
    put_dx_values(rows, column, block);
  } else {
    put_dx(rows, column, block);
  }
}

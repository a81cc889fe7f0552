// attention_backward in tiles of 32 rows by 32 columns: the products over a head's width, which a workgroup's threads compute together,
// and the writes of a thread's results.

// x · zᵀ of the thread's four rows by four columns
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

// less + x_values · z_valuesᵀ of the thread's four rows by four columns, where `less` is −y · dy
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

// Writes the thread's results to dx, or to dx_values if of_values: two blocks of four rows by four columns. `tokens`: the rows' tokens.
fn put_wide(rows: vec4u, tokens: vec4u, column: u32, work: Work, sums: Wide, of_values: bool) {
  let half = half_width(work);
  if (column >= half) {
    return;
  }
  var own = Halves(sums.near, sums.far);
  if (p.is_turned != 0u && !of_values) {
    own = turned_back(own, tokens, column);
  }
  put_either(rows, column, own.near, of_values);
  if (column + half < work.width) {
    put_either(rows, column + half, own.far, of_values);
  }
}

// In the pass for queries, computes y · dy of the tile's 32 queries, with one of the 64 threads per query.
fn put_tile_products(batch: u32, head: u32, work: Work, index: u32) {
  choose_products(work.part);
  let query = work.first + index;
  if (!of_keys() && index < TILE && query < p.T) {
    put_product(batch, head, query);
  }
  storageBarrier();
}

fn put_either(rows: vec4u, column: u32, block: mat4x4f, of_values: bool) {
  if (of_values) {
    put_dx_values(rows, column, block);
  } else {
    put_dx(rows, column, block);
  }
}

// attention_backward for heads of eight columns: a thread holds its four rows and four columns, and the sums, in registers.
// with lib/heads_held.wgsl
struct Rows { x: Head, values: Head }
struct Columns { z: Head, values: Head }
struct Sums { rows: vec4u, real: bool, dx: Head, values: Head }

fn rows_at(rows: vec4u) -> Rows {
  return Rows(
    Head(x_block(rows, 0u), x_block(rows, 1u)),
    Head(x_values_block(rows, 0u), x_values_block(rows, 1u)),
  );
}

fn columns_at(columns: vec4u) -> Columns {
  return Columns(
    Head(z_block(columns, 0u), z_block(columns, 1u)),
    Head(z_values_block(columns, 0u), z_values_block(columns, 1u)),
  );
}

fn products(rows: Rows, columns: Columns) -> Products {
  return Products(outer(rows.x, columns.z), outer(rows.values, columns.values));
}

fn sums_of(rows: vec4u, real: bool) -> Sums {
  return Sums(rows, real, Head(), Head());
}

// Adds dS·z to the sums, and for keys also P·z_values.
fn add_columns(sums: Sums, dS: Blocks, P: Blocks, columns: Columns) -> Sums {
  var values = sums.values;
  if (of_keys()) {
    values = add_inner(values, P, columns.values);
  }
  return Sums(sums.rows, sums.real, add_inner(sums.dx, dS, columns.z), values);
}

// Rows beyond the last token are clamped to its row. Rows are written in reverse order, so that the last token's own values are written
// last and overwrite those of the clamped rows. The loop's bound isn't a constant, so compilers don't unroll it: unrolled, it would be a
// large share of the shader's code.
fn put_sums(sums: Sums, tokens: vec4u) {
  for (var left = select(0u, 4u, sums.real); left > 0u; left--) {
    let i = left - 1u;
    put_row(sums.rows[i] + p.at_dx / WORD, own_gradient(sums.dx, tokens[i], i));
    if (of_keys()) {
      put_row(sums.rows[i] + p.at_dx_values / WORD, HeadRow(row_of(sums.values.near, i), row_of(sums.values.far, i)));
    }
  }
}

// A row of a head of eight columns.
struct HeadRow { near: vec4f, far: vec4f }

// The i-th row of dx, rotated back if RoPE has rotated x and z.
fn own_gradient(dx: Head, token: u32, i: u32) -> HeadRow {
  let near = row_of(dx.near, i);
  let far = row_of(dx.far, i);
  if (p.is_turned == 0u) {
    return HeadRow(near, far);
  }
  let cos = turns[2u * token];
  let sin = turns[2u * token + 1u];
  return HeadRow(near * cos + far * sin, far * cos - near * sin);
}

fn row_of(block: mat4x4f, i: u32) -> vec4f {
  return one_of(block[0], block[1], block[2], block[3], i);
}

fn put_row(at: u32, row: HeadRow) {
  gradients[at] = row.near;
  gradients[at + 1u] = row.far;
}

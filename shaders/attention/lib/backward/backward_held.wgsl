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

fn put_sums(sums: Sums, tokens: vec4u) {
  if (sums.real) {
    var dx = Halves(sums.dx.near, sums.dx.far);
    if (p.is_turned != 0u) {
      dx = turned_back(dx, tokens, 0u);
    }
    put_dx(sums.rows, 0u, dx.near);
    put_dx(sums.rows, 1u, dx.far);
    if (of_keys()) {
      put_dx_values(sums.rows, 0u, sums.values.near);
      put_dx_values(sums.rows, 1u, sums.values.far);
    }
  }
}

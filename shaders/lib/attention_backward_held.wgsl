// What a thread of attention_backward has of its four rows and four columns, of heads of eight: all of them and the sums, in
// registers.
struct Head { c0: mat2x4f, c1: mat2x4f, c2: mat2x4f, c3: mat2x4f }
struct Rows { x: Head, values: Head }
struct Columns { z: Head, values: Head }
struct Sums { rows: vec4u, real: bool, dx: Head, values: Head }

fn rows_at(rows: vec4u) -> Rows {
  return Rows(
    Head(x_pair(rows, 0u), x_pair(rows, 1u), x_pair(rows, 2u), x_pair(rows, 3u)),
    Head(x_values_pair(rows, 0u), x_values_pair(rows, 1u), x_values_pair(rows, 2u), x_values_pair(rows, 3u)),
  );
}

fn columns_at(columns: vec4u) -> Columns {
  return Columns(
    Head(z_pair(columns, 0u), z_pair(columns, 1u), z_pair(columns, 2u), z_pair(columns, 3u)),
    Head(
      z_values_pair(columns, 0u),
      z_values_pair(columns, 1u),
      z_values_pair(columns, 2u),
      z_values_pair(columns, 3u),
    ),
  );
}

// x·zᵀ and x_values·z_valuesᵀ of four rows by four columns of each lane.
struct Products { s: Blocks, dP: Blocks }

fn products(rows: Rows, columns: Columns) -> Products {
  return Products(outer(rows.x, columns.z), outer(rows.values, columns.values));
}

fn outer(a: Head, b: Head) -> Blocks {
  let first = add_outer_pairs(add_outer_pairs(Blocks(), a.c0, b.c0), a.c1, b.c1);
  return add_outer_pairs(add_outer_pairs(first, a.c2, b.c2), a.c3, b.c3);
}

fn add_inner(c: Head, a: Blocks, b: Head) -> Head {
  return Head(
    add_inner_pairs(c.c0, a, b.c0),
    add_inner_pairs(c.c1, a, b.c1),
    add_inner_pairs(c.c2, a, b.c2),
    add_inner_pairs(c.c3, a, b.c3),
  );
}

fn sums_of(rows: vec4u, real: bool) -> Sums {
  return Sums(rows, real, Head(), Head());
}

// sums + dS·z, and of keys also + P·z_values
fn add_columns(sums: Sums, dS: Blocks, P: Blocks, columns: Columns) -> Sums {
  var values = sums.values;
  if (of_keys()) {
    values = add_inner(values, P, columns.values);
  }
  return Sums(sums.rows, sums.real, add_inner(sums.dx, dS, columns.z), values);
}

fn put_sums(sums: Sums) {
  if (!sums.real) {
    return;
  }
  put_dx(sums.rows, 0u, sums.dx.c0);
  put_dx(sums.rows, 1u, sums.dx.c1);
  put_dx(sums.rows, 2u, sums.dx.c2);
  put_dx(sums.rows, 3u, sums.dx.c3);
  if (!of_keys()) {
    return;
  }
  put_dx_values(sums.rows, 0u, sums.values.c0);
  put_dx_values(sums.rows, 1u, sums.values.c1);
  put_dx_values(sums.rows, 2u, sums.values.c2);
  put_dx_values(sums.rows, 3u, sums.values.c3);
}

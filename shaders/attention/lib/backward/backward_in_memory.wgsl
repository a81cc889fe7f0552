// A thread of attention_backward holds only the offsets of its four rows and four columns, and reads their values where it uses them.
// The sums stay in dx and dx_values. So D can be any size, and there is little code to compile.
struct Rows { at: vec4u }
struct Columns { at: vec4u }

fn rows_at(rows: vec4u) -> Rows {
  return Rows(rows);
}

fn columns_at(columns: vec4u) -> Columns {
  return Columns(columns);
}

fn products(rows: Rows, columns: Columns) -> Products {
  var s = Blocks();
  var dP = Blocks();
  for (var c = 0u; c < p.D / WORD; c++) {
    s = add_outer_pairs(s, x_pair(rows.at, c), z_pair(columns.at, c));
    dP = add_outer_pairs(dP, x_values_pair(rows.at, c), z_values_pair(columns.at, c));
  }
  return Products(s, dP);
}

struct Sums { rows: vec4u, real: bool, begun: bool }

fn sums_of(rows: vec4u, real: bool) -> Sums {
  return Sums(rows, real, false);
}

// Adds dS·z to the sums, and for keys also P·z_values.
fn add_columns(sums: Sums, dS: Blocks, P: Blocks, columns: Columns) -> Sums {
  for (var c = 0u; c < p.D / WORD; c++) {
    var pair = mat2x4f();
    if (sums.begun) {
      pair = dx_pair(sums.rows, c);
    }
    pair = add_inner_pairs(pair, dS, z_pair(columns.at, c));
    if (sums.real) {
      put_dx(sums.rows, c, pair);
    }
  }
  for (var c = 0u; c < values_width() / WORD; c++) {
    var pair = mat2x4f();
    if (sums.begun) {
      pair = dx_values_pair(sums.rows, c);
    }
    pair = add_inner_pairs(pair, P, z_values_pair(columns.at, c));
    if (sums.real) {
      put_dx_values(sums.rows, c, pair);
    }
  }
  return Sums(sums.rows, sums.real, true);
}

// The sums are in dx and dx_values already.
fn put_sums(sums: Sums, tokens: vec4u) {
  if (sums.real && p.is_turned != 0u) {
    turn_dx_back(sums.rows, tokens);
  }
}

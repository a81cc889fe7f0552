// A thread of attention holds only the offsets of its four queries, and reads their values where it uses them. The sums stay
// in y. So D can be any size, and there is little code to compile.
struct Queries { rows: vec4u }

fn queries_at(rows: vec4u) -> Queries {
  return Queries(rows);
}

// The dot products of the thread's four queries with the four keys of each thread of the quad.
fn products(a: Queries, keys: vec4u) -> Blocks {
  var s = Blocks();
  for (var c = 0u; c < p.D / WORD; c++) {
    s = add_outer_pairs(s, q_pair(a.rows, c), k_pair(keys, c));
  }
  return s;
}

struct Sums { rows: vec4u, real: bool, begun: bool }

fn sums_of(rows: vec4u, real: bool) -> Sums {
  return Sums(rows, real, false);
}

// scale · (decay · sums + w·v)
fn add_values(sums: Sums, decay: vec4f, w: Blocks, keys: vec4u, scale: vec4f) -> Sums {
  for (var c = 0u; c < p.D / WORD; c++) {
    var pair = mat2x4f();
    if (sums.begun) {
      pair = scale_pair(y_pair(sums.rows, c), decay);
    }
    pair = add_inner_pairs(pair, w, v_pair(keys, c));
    if (sums.real) {
      put_y(sums.rows, c, scale_pair(pair, scale));
    }
  }
  return Sums(sums.rows, sums.real, true);
}

// The sums are in y already.
fn put_sums(sums: Sums) {}

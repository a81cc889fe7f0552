// What a thread of attention has of its four queries, of heads of eight: all of them and their sums, in registers.
struct Head { c0: mat2x4f, c1: mat2x4f, c2: mat2x4f, c3: mat2x4f }
alias Queries = Head;
struct Sums { rows: vec4u, real: bool, y: Head }

fn queries_at(rows: vec4u) -> Queries {
  return Head(q_pair(rows, 0u), q_pair(rows, 1u), q_pair(rows, 2u), q_pair(rows, 3u));
}

// Products with four keys of each lane.
fn products(a: Queries, keys: vec4u) -> Blocks {
  var s = add_outer_pairs(Blocks(), a.c0, k_pair(keys, 0u));
  s = add_outer_pairs(s, a.c1, k_pair(keys, 1u));
  s = add_outer_pairs(s, a.c2, k_pair(keys, 2u));
  return add_outer_pairs(s, a.c3, k_pair(keys, 3u));
}

fn sums_of(rows: vec4u, real: bool) -> Sums {
  return Sums(rows, real, Head());
}

// scale · (kept · sums + w·v)
fn add_values(sums: Sums, kept: vec4f, w: Blocks, keys: vec4u, scale: vec4f) -> Sums {
  let y = Head(
    scale_pair(add_inner_pairs(scale_pair(sums.y.c0, kept), w, v_pair(keys, 0u)), scale),
    scale_pair(add_inner_pairs(scale_pair(sums.y.c1, kept), w, v_pair(keys, 1u)), scale),
    scale_pair(add_inner_pairs(scale_pair(sums.y.c2, kept), w, v_pair(keys, 2u)), scale),
    scale_pair(add_inner_pairs(scale_pair(sums.y.c3, kept), w, v_pair(keys, 3u)), scale),
  );
  return Sums(sums.rows, sums.real, y);
}

fn put_sums(sums: Sums) {
  if (!sums.real) {
    return;
  }
  put_y(sums.rows, 0u, sums.y.c0);
  put_y(sums.rows, 1u, sums.y.c1);
  put_y(sums.rows, 2u, sums.y.c2);
  put_y(sums.rows, 3u, sums.y.c3);
}

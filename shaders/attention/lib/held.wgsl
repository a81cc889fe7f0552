// attention for heads of eight columns: a thread holds its four queries and their sums in registers.
// with lib/heads_held.wgsl
alias Queries = Head;
struct Sums { rows: vec4u, real: bool, y: Head }

fn queries_at(rows: vec4u) -> Queries {
  return Head(q_block(rows, 0u), q_block(rows, 1u));
}

// The dot products of the thread's four queries with the four keys of each thread of the quad.
fn products(a: Queries, keys: vec4u) -> Blocks {
  return outer(a, Head(k_block(keys, 0u), k_block(keys, 1u)));
}

fn sums_of(rows: vec4u, real: bool) -> Sums {
  return Sums(rows, real, Head());
}

// scale · (decay · sums + w·v)
fn add_values(sums: Sums, decay: vec4f, w: Blocks, keys: vec4u, scale: vec4f) -> Sums {
  let before = Head(scale_rows(sums.y.near, decay), scale_rows(sums.y.far, decay));
  let y = add_inner(before, w, Head(v_block(keys, 0u), v_block(keys, 1u)));
  return Sums(sums.rows, sums.real, Head(scale_rows(y.near, scale), scale_rows(y.far, scale)));
}

fn put_sums(sums: Sums) {
  if (sums.real) {
    put_y(sums.rows, 0u, sums.y.near);
    put_y(sums.rows, 1u, sums.y.far);
  }
}

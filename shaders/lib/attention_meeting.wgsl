// What rows of attention_backward meet: which columns they see, and P and dS where they do.
struct Span { begin: u32, end: u32 }

fn heads() -> u32 {
  return select(p.H, p.Hkv, of_keys());
}

fn column_heads() -> u32 {
  return select(p.Hkv, p.H, of_keys());
}

// The heads of the columns that a head of rows meets.
fn heads_met(head: u32) -> Span {
  let begin = head * column_heads() / heads();
  return Span(begin, begin + max(column_heads() / heads(), 1u));
}

// The tokens that `size` rows from `first` meet: queries keys up to their own, keys queries from their own on.
fn tokens_met(first: u32, size: u32) -> Span {
  return Span(select(0u, first, of_keys()), select(min(first + size, p.T), p.T, of_keys()));
}

// Four rows see the columns from their first to their last. L and y · dy are a query's, and 0 for keys.
struct Rows { first: vec4i, last: vec4i, L: vec4f, product: vec4f, scale: f32 }

// Four columns: where they are, or if they are keys, from where on they are seen.
struct Columns { at: vec4i, L: vec4f, product: vec4f }

struct Meeting { rows: Rows, columns: Columns }

fn meeting(batch: u32, head: u32, column_head: u32, row: u32, column: u32) -> Meeting {
  let known = query_stats(batch, select(head, column_head, of_keys()), select(row, column, of_keys()));
  let keys_seen_from = seen_from(batch, select(column, row, of_keys()));
  if (of_keys()) {
    let rows = Rows(keys_seen_from, vec4i(i32(p.T) - 1), vec4f(), vec4f(), p.scale);
    return Meeting(rows, Columns(four_from(column), known.L, known.product));
  }
  let rows = Rows(vec4i(), four_from(row), known.L, known.product, p.scale);
  return Meeting(rows, Columns(keys_seen_from, vec4f(), vec4f()));
}

struct QueryStats { L: vec4f, product: vec4f }

fn query_stats(batch: u32, head: u32, query: u32) -> QueryStats {
  let rows = (batch * p.H + head) * p.T + min(query + vec4u(0u, 1u, 2u, 3u), vec4u(p.T - 1u));
  let columns = transpose(mat4x2f(stats[rows.x], stats[rows.y], stats[rows.z], stats[rows.w]));
  return QueryStats(columns[0], columns[1]);
}

// P of four rows by four columns, from x·zᵀ.
fn probabilities(products: mat4x4f, rows: Rows, columns: Columns) -> mat4x4f {
  return mat4x4f(
    probability_row(products[0] * rows.scale, rows.first.x, rows.last.x, rows.L.x, columns),
    probability_row(products[1] * rows.scale, rows.first.y, rows.last.y, rows.L.y, columns),
    probability_row(products[2] * rows.scale, rows.first.z, rows.last.z, rows.L.z, columns),
    probability_row(products[3] * rows.scale, rows.first.w, rows.last.w, rows.L.w, columns),
  );
}

fn probability_row(scores: vec4f, first: i32, last: i32, L: f32, columns: Columns) -> vec4f {
  let visible = (columns.at >= vec4i(first)) & (columns.at <= vec4i(last));
  return select(vec4f(), exp(scores - (L + columns.L)), visible);
}

// scale · dS, from P and x_values·z_valuesᵀ.
fn score_gradients(P: mat4x4f, dP: mat4x4f, rows: Rows, columns: Columns) -> mat4x4f {
  return mat4x4f(
    P[0] * (dP[0] - (rows.product.x + columns.product)) * rows.scale,
    P[1] * (dP[1] - (rows.product.y + columns.product)) * rows.scale,
    P[2] * (dP[2] - (rows.product.z + columns.product)) * rows.scale,
    P[3] * (dP[3] - (rows.product.w + columns.product)) * rows.scale,
  );
}

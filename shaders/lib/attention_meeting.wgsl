// What rows of attention_backward meet: which columns they see, and P and dS where they do.
const NEVER = 0xffffffffu;

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
struct Rows { first: vec4u, last: vec4u, L: vec4f, product: vec4f }

// Where four columns are; NEVER if they are padding.
struct Columns { at: vec4u, L: vec4f, product: vec4f }

struct Meeting { rows: Rows, columns: Columns }

fn meeting(batch: u32, head: u32, column_head: u32, row: u32, column: u32) -> Meeting {
  let known = query_stats(batch, select(head, column_head, of_keys()), select(row, column, of_keys()));
  let real = real_keys(batch, select(column, row, of_keys()));
  let row_tokens = row + vec4u(0u, 1u, 2u, 3u);
  let column_tokens = column + vec4u(0u, 1u, 2u, 3u);
  if (of_keys()) {
    let rows = Rows(select(vec4u(NEVER), row_tokens, real), vec4u(p.T - 1u), vec4f(), vec4f());
    return Meeting(rows, Columns(column_tokens, known.L, known.product));
  }
  let rows = Rows(vec4u(), row_tokens, known.L, known.product);
  return Meeting(rows, Columns(select(vec4u(NEVER), column_tokens, real), vec4f(), vec4f()));
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
    probability_row(products[0], rows.first.x, rows.last.x, rows.L.x, columns),
    probability_row(products[1], rows.first.y, rows.last.y, rows.L.y, columns),
    probability_row(products[2], rows.first.z, rows.last.z, rows.L.z, columns),
    probability_row(products[3], rows.first.w, rows.last.w, rows.L.w, columns),
  );
}

fn probability_row(products: vec4f, first: u32, last: u32, L: f32, columns: Columns) -> vec4f {
  let visible = (columns.at >= vec4u(first)) & (columns.at <= vec4u(last));
  return select(vec4f(), exp(products * p.scale - (L + columns.L)), visible);
}

// scale · dS, from P and x_values·z_valuesᵀ.
fn score_gradients(P: mat4x4f, dP: mat4x4f, rows: Rows, columns: Columns) -> mat4x4f {
  return mat4x4f(
    P[0] * (dP[0] - (rows.product.x + columns.product)) * p.scale,
    P[1] * (dP[1] - (rows.product.y + columns.product)) * p.scale,
    P[2] * (dP[2] - (rows.product.z + columns.product)) * p.scale,
    P[3] * (dP[3] - (rows.product.w + columns.product)) * p.scale,
  );
}

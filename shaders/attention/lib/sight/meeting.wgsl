// In attention_backward, a row and a column meet if one of them is a query, the other a key, and the query sees the key. Finds the columns
// that rows meet, and computes P and dS for them.
struct Span { begin: u32, end: u32 }

fn heads() -> u32 {
  return select(p.H, p.Hkv, of_keys());
}

fn column_heads() -> u32 {
  return select(p.Hkv, p.H, of_keys());
}

// Returns the heads of the columns that share keys and values with `head`, a head of the rows.
fn heads_met(head: u32) -> Span {
  let begin = head * column_heads() / heads();
  return Span(begin, begin + max(column_heads() / heads(), 1u));
}

// Returns the tokens of the columns that the `size` rows from `first` on meet.
fn tokens_met(batch: u32, first: u32, size: u32) -> Span {
  let end = min(first + size, p.T);
  if (of_keys()) {
    return Span(queries_begin(batch, first), queries_end(batch, end - 1u));
  }
  return Span(first_key(batch, first), keys_end(batch, end));
}

// Four rows or columns. `first` and `last` are the first and last query that see a key; for a query, both are the query itself.
// A query sees a key if their ranges overlap. L and `product` (y · dy) belong to queries, and are 0 for keys.
struct Four { first: vec4i, last: vec4i, L: vec4f, product: vec4f }

struct Meeting { rows: Four, columns: Four }

fn meeting(batch: u32, head: u32, column_head: u32, row: u32, column: u32) -> Meeting {
  let query = select(row, column, of_keys());
  let known = query_stats(batch, select(head, column_head, of_keys()), query);
  let queries = Four(four_from(query), four_from(query), known.L, known.product);
  let by = seen(batch, select(column, row, of_keys()));
  let keys = Four(by.first, by.last, vec4f(), vec4f());
  if (of_keys()) {
    return Meeting(keys, queries);
  }
  return Meeting(queries, keys);
}

struct QueryStats { L: vec4f, product: vec4f }

fn query_stats(batch: u32, head: u32, query: u32) -> QueryStats {
  let rows = query_rows(batch, query, head);
  return QueryStats(four_saved(rows + p.at_L), four_saved(rows + products_begin));
}

fn four_saved(at: vec4u) -> vec4f {
  return vec4f(saved[at.x], saved[at.y], saved[at.z], saved[at.w]);
}

// P of four rows by four columns, from x·zᵀ; 0 where the query doesn't see the key.
fn probabilities(products: mat4x4f, rows: Four, columns: Four) -> mat4x4f {
  return visible_probabilities(all_probabilities(products, rows, columns), rows, columns);
}

// P of four rows by four columns, as if all queries saw all keys.
fn all_probabilities(products: mat4x4f, rows: Four, columns: Four) -> mat4x4f {
  return mat4x4f(
    exp2(exponents(products[0]) - (rows.L.x + columns.L)),
    exp2(exponents(products[1]) - (rows.L.y + columns.L)),
    exp2(exponents(products[2]) - (rows.L.z + columns.L)),
    exp2(exponents(products[3]) - (rows.L.w + columns.L)),
  );
}

fn visible_probabilities(P: mat4x4f, rows: Four, columns: Four) -> mat4x4f {
  return mat4x4f(
    select(vec4f(), P[0], visible(rows.first.x, rows.last.x, columns)),
    select(vec4f(), P[1], visible(rows.first.y, rows.last.y, columns)),
    select(vec4f(), P[2], visible(rows.first.z, rows.last.z, columns)),
    select(vec4f(), P[3], visible(rows.first.w, rows.last.w, columns)),
  );
}

fn visible(first: i32, last: i32, columns: Four) -> vec4<bool> {
  return (columns.last >= vec4i(first)) & (columns.first <= vec4i(last));
}

fn all_visible(rows: Four, columns: Four) -> bool {
  return all(visible(largest(rows.first), smallest(rows.last), columns));
}

fn largest(four: vec4i) -> i32 {
  return max(max(four.x, four.y), max(four.z, four.w));
}

fn smallest(four: vec4i) -> i32 {
  return min(min(four.x, four.y), min(four.z, four.w));
}

// scale · dS, the gradient of the scores, from P (the probabilities), s = x·zᵀ and dP = x_values·z_valuesᵀ.
fn score_gradients(P: mat4x4f, s: mat4x4f, dP: mat4x4f, rows: Four, columns: Four, scale: f32) -> mat4x4f {
  return score_gradients_of_sums(P, s, dP + less_products(rows, columns), scale);
}

// −y · dy: the sums of x_values·z_valuesᵀ begin with it, so that y · dy takes no register of its own while they are computed.
fn less_products(rows: Four, columns: Four) -> mat4x4f {
  return mat4x4f(
    -(rows.product.x + columns.product),
    -(rows.product.y + columns.product),
    -(rows.product.z + columns.product),
    -(rows.product.w + columns.product),
  );
}

// scale · dS from P, s = x·zᵀ and `sums`: dP in sums that began with less_products.
fn score_gradients_of_sums(P: mat4x4f, s: mat4x4f, sums: mat4x4f, scale: f32) -> mat4x4f {
  return mat4x4f(
    uncapped(P[0] * sums[0], s[0]) * scale,
    uncapped(P[1] * sums[1], s[1]) * scale,
    uncapped(P[2] * sums[2], s[2]) * scale,
    uncapped(P[3] * sums[3], s[3]) * scale,
  );
}

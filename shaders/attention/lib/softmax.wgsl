// Softmax over the keys that a query sees, computed piece by piece (online softmax). Scores are exponents of 2, because GPUs
// compute exp2 directly.
const HIDDEN = -1e30;
// The initial maximum: above hidden scores, so that their exp2 is 0 even in a row that has no other scores.
const LOWEST = 0.5 * HIDDEN;
const NO_KEYS = 1e30;

// The scores of four queries (rows) by four keys (columns).
fn all_scores(products: mat4x4f) -> mat4x4f {
  return mat4x4f(exponents(products[0]), exponents(products[1]), exponents(products[2]), exponents(products[3]));
}

// The scores, with HIDDEN for queries that don't see the key.
fn visible_scores(scores: mat4x4f, query: u32, keys: Seen) -> mat4x4f {
  let at = four_from(query);
  return mat4x4f(
    visible_row(scores[0], at.x, keys),
    visible_row(scores[1], at.y, keys),
    visible_row(scores[2], at.z, keys),
    visible_row(scores[3], at.w, keys),
  );
}

// Whether four queries see four keys.
fn all_visible(query: u32, keys: Seen) -> bool {
  let first = vec4i(i32(query));
  return all((keys.first <= first) & (first + 3 <= keys.last));
}

fn visible_row(scores: vec4f, query: i32, keys: Seen) -> vec4f {
  return select(vec4f(HIDDEN), scores, (keys.first <= vec4i(query)) & (vec4i(query) <= keys.last));
}

fn row_maxima(scores: mat4x4f) -> vec4f {
  let columns = transpose(scores);
  return max(max(columns[0], columns[1]), max(columns[2], columns[3]));
}

fn row_sums(scores: mat4x4f) -> vec4f {
  let columns = transpose(scores);
  return (columns[0] + columns[1]) + (columns[2] + columns[3]);
}

fn exp2_rows(scores: mat4x4f, shifts: vec4f) -> mat4x4f {
  return mat4x4f(
    exp2(scores[0] - shifts.x),
    exp2(scores[1] - shifts.y),
    exp2(scores[2] - shifts.z),
    exp2(scores[3] - shifts.w),
  );
}

fn scale_rows(block: mat4x4f, scale: vec4f) -> mat4x4f {
  return mat4x4f(block[0] * scale.x, block[1] * scale.y, block[2] * scale.z, block[3] * scale.w);
}

fn log_sums(maxima: vec4f, totals: vec4f) -> vec4f {
  return select(vec4f(NO_KEYS), maxima + log2(max(totals, vec4f(1e-30))), maxima > vec4f(LOWEST));
}

// 1 / total, 0 for a row without keys.
fn inverse_totals(maxima: vec4f, totals: vec4f) -> vec4f {
  return select(vec4f(), 1.0 / max(totals, vec4f(1e-30)), maxima > vec4f(LOWEST));
}

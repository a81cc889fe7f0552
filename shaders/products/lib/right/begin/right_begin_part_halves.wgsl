// As right_begin_part_rows, for heads of D columns whose halves alternate: a block's four columns are two of a head's lower half, then the
// two columns D/2 further on. A pair is a column and the one D/2 further on; each head has D/2 pairs. D: a multiple of 4
fn right_begin(part: u32, column: u32) -> vec4u {
  let line = line_of(part, (column - first_column(part)) / 2u);
  let other = line + p.D / 2u;
  return vec4u(
    right_origin(part, line),
    right_origin(part, line + 1u),
    right_origin(part, other),
    right_origin(part, other + 1u),
  );
}

// The line in memory that holds a pair's lower column. Pairs are read two at a time; beyond the last two, the last two are read.
fn line_of(part: u32, pair: u32) -> u32 {
  let half = p.D / 2u;
  let own = min(pair, size_of(part) / 2u - 2u);
  return own / half * p.D + own % half;
}

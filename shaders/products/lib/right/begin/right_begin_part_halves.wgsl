// As right_begin_part_rows, for heads of D columns whose halves alternate: four columns are two of a head's lower half, then those D/2
// further on. Columns come in pairs, and each head has D/2 pairs. D: a multiple of 4
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

// The line of the lower one of a pair. Pairs beyond the last two repeat these.
fn line_of(part: u32, pair: u32) -> u32 {
  let half = p.D / 2u;
  let own = min(pair, size_of(part) / 2u - 2u);
  return own / half * p.D + own % half;
}

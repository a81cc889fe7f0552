// As low_part_rows, for columns in the order of lib/right_begin_part_halves.wgsl: the two halves of a head alternate.
var<private> low_part: u32;

fn low_right_stride() -> u32 {
  return p.R;
}

fn low_right_begin(column: u32) -> vec4u {
  low_part = part_of(column);
  let line = line_of(low_part, (column - first_column(low_part)) / 2u);
  let other = line + p.D / 2u;
  return vec4u(
    low_right_origin(line),
    low_right_origin(line + 1u),
    low_right_origin(other),
    low_right_origin(other + 1u),
  );
}

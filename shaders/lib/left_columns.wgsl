// Layout of the left operand: a line per k, the result's rows run along it, from the part's first one on. Lines beyond K
// read as 0.
fn left_begin(part: u32, row: u32) -> vec4u {
  return vec4u(min(row - first_row(part), (left_stride(part) - 1u) / 4u * 4u));
}

fn left_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return transpose(mat4x4f(
    left_line(part, begin.x, k),
    left_line(part, begin.x, k + 1u),
    left_line(part, begin.x, k + 2u),
    left_line(part, begin.x, k + 3u),
  ));
}

fn left_line(part: u32, at: u32, k: u32) -> vec4f {
  return select(vec4f(), left4(part, left_origin(part, min(k, inner(part) - 1u)), at), k < inner(part));
}

// Layout of the left operand in memory: a line for each k, along which the result's rows follow each other. Lines beyond K read as 0. This
// check costs time, so loops read groups of four k within K without it (left_whole_block), and only the rest of K with it (left_block).
// left_begin returns the position along a line, the offset of the first line, the distance between lines, and the number of lines.
fn left_begin(part: u32, row: u32) -> vec4u {
  let at = left_place(min(left_row(part, row), (left_stride(part) - 1u) & ~3u));
  let first = left_origin(part, 0u);
  return vec4u(at, first, left_origin(part, 1u) - first, inner(part));
}

fn left_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return transpose(mat4x4f(
    left_line(part, begin, k),
    left_line(part, begin, k + 1u),
    left_line(part, begin, k + 2u),
    left_line(part, begin, k + 3u),
  ));
}

fn left_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let line = begin.y + k * begin.z;
  return transpose(mat4x4f(
    left4(part, line, begin.x),
    left4(part, line + begin.z, begin.x),
    left4(part, line + 2u * begin.z, begin.x),
    left4(part, line + 3u * begin.z, begin.x),
  ));
}

fn left_line(part: u32, begin: vec4u, k: u32) -> vec4f {
  return select(vec4f(), left4(part, begin.y + min(k, begin.w - 1u) * begin.z, begin.x), k < begin.w);
}

// Layout of the left operand: a line per row of the result, K runs along it.
fn left_begin(row: u32) -> vec4u {
  let last = rows() - 1u;
  return vec4u(
    left_origin(min(row, last)),
    left_origin(min(row + 1u, last)),
    left_origin(min(row + 2u, last)),
    left_origin(min(row + 3u, last)),
  );
}

fn left_block(begin: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(left4(begin.x, k), left4(begin.y, k), left4(begin.z, k), left4(begin.w, k));
}

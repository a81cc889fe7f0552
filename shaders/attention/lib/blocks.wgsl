// The reads and writes of attention, in blocks of four tokens by four columns of a head.
alias Word = vec4f;
const WORD = 4u;

fn q_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(q[rows.x + c], q[rows.y + c], q[rows.z + c], q[rows.w + c]);
}

fn k_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(k[rows.x + c], k[rows.y + c], k[rows.z + c], k[rows.w + c]);
}

fn v_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(v[rows.x + c], v[rows.y + c], v[rows.z + c], v[rows.w + c]);
}

// Rows beyond the last token are clamped to its row. Rows are written in reverse order, so that the last token's own values are written
// last and overwrite those of the clamped rows.
fn put_y(rows: vec4u, c: u32, block: mat4x4f) {
  y[rows.w + c] = block[3];
  y[rows.z + c] = block[2];
  y[rows.y + c] = block[1];
  y[rows.x + c] = block[0];
}

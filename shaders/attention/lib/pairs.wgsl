// The reads and writes of attention, two columns of a head at a time for four tokens. Software GPUs compile memory
// accesses slowly, and blocks of four columns have twice as many. Pairs run faster than single columns.
alias Word = vec2f;
const WORD = 2u;

fn q_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(q[rows.x + c], q[rows.y + c], q[rows.z + c], q[rows.w + c]));
}

fn k_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(k[rows.x + c], k[rows.y + c], k[rows.z + c], k[rows.w + c]));
}

fn v_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(v[rows.x + c], v[rows.y + c], v[rows.z + c], v[rows.w + c]));
}

fn y_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(y[rows.x + c], y[rows.y + c], y[rows.z + c], y[rows.w + c]));
}

// Rows beyond the last token are clamped to its row. Rows are written in reverse order, so that the last token's own values are written
// last and overwrite those of the clamped rows.
fn put_y(rows: vec4u, c: u32, pair: mat2x4f) {
  let words = transpose(pair);
  y[rows.w + c] = words[3];
  y[rows.z + c] = words[2];
  y[rows.y + c] = words[1];
  y[rows.x + c] = words[0];
}

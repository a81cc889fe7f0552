// What attention reads and writes, one column of a head at a time for four tokens:
// software adapters are slow to compile whatever touches memory, and these take a quarter of the code that blocks do.
alias Word = f32;
const WORD = 1u;

fn q_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(q[rows.x + c], q[rows.y + c], q[rows.z + c], q[rows.w + c]);
}

fn k_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(k[rows.x + c], k[rows.y + c], k[rows.z + c], k[rows.w + c]);
}

fn v_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(v[rows.x + c], v[rows.y + c], v[rows.z + c], v[rows.w + c]);
}

fn y_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(y[rows.x + c], y[rows.y + c], y[rows.z + c], y[rows.w + c]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_y(rows: vec4u, c: u32, value: vec4f) {
  y[rows.w + c] = value.w;
  y[rows.z + c] = value.z;
  y[rows.y + c] = value.y;
  y[rows.x + c] = value.x;
}

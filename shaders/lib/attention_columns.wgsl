// What attention reads and writes, one column of a head at a time for four tokens: a quarter of the code that blocks take,
// and software adapters are slow to compile whatever touches memory.
fn q_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(q[at.x][i], q[at.y][i], q[at.z][i], q[at.w][i]);
}

fn k_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(k[at.x][i], k[at.y][i], k[at.z][i], k[at.w][i]);
}

fn v_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(v[at.x][i], v[at.y][i], v[at.z][i], v[at.w][i]);
}

fn y_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(y[at.x][i], y[at.y][i], y[at.z][i], y[at.w][i]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_y(rows: vec4u, column: u32, value: vec4f) {
  let at = rows + column / 4u;
  let i = column % 4u;
  y[at.w][i] = value.w;
  y[at.z][i] = value.z;
  y[at.y][i] = value.y;
  y[at.x][i] = value.x;
}

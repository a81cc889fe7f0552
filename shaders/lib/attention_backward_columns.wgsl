// What attention_backward reads and writes, one column of a head at a time for four rows: a quarter of the code that blocks
// take, and software adapters are slow to compile whatever touches memory.
fn x_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(x[at.x][i], x[at.y][i], x[at.z][i], x[at.w][i]);
}

fn x_values_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(x_values[at.x][i], x_values[at.y][i], x_values[at.z][i], x_values[at.w][i]);
}

fn z_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(z[at.x][i], z[at.y][i], z[at.z][i], z[at.w][i]);
}

fn z_values_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(z_values[at.x][i], z_values[at.y][i], z_values[at.z][i], z_values[at.w][i]);
}

fn dx_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(dx[at.x][i], dx[at.y][i], dx[at.z][i], dx[at.w][i]);
}

fn dx_values_column(rows: vec4u, column: u32) -> vec4f {
  let at = rows + column / 4u;
  let i = column % 4u;
  return vec4f(dx_values[at.x][i], dx_values[at.y][i], dx_values[at.z][i], dx_values[at.w][i]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_dx(rows: vec4u, column: u32, value: vec4f) {
  let at = rows + column / 4u;
  let i = column % 4u;
  dx[at.w][i] = value.w;
  dx[at.z][i] = value.z;
  dx[at.y][i] = value.y;
  dx[at.x][i] = value.x;
}

fn put_dx_values(rows: vec4u, column: u32, value: vec4f) {
  let at = rows + column / 4u;
  let i = column % 4u;
  dx_values[at.w][i] = value.w;
  dx_values[at.z][i] = value.z;
  dx_values[at.y][i] = value.y;
  dx_values[at.x][i] = value.x;
}

// What attention_backward reads and writes, one column of a head at a time for four rows:
// software adapters are slow to compile whatever touches memory, and these take a quarter of the code that blocks do.
alias Word = f32;
const WORD = 1u;

fn x_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(x[rows.x + c], x[rows.y + c], x[rows.z + c], x[rows.w + c]);
}

fn x_values_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(x_values[rows.x + c], x_values[rows.y + c], x_values[rows.z + c], x_values[rows.w + c]);
}

fn z_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(z[rows.x + c], z[rows.y + c], z[rows.z + c], z[rows.w + c]);
}

fn z_values_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(z_values[rows.x + c], z_values[rows.y + c], z_values[rows.z + c], z_values[rows.w + c]);
}

fn dx_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(dx[rows.x + c], dx[rows.y + c], dx[rows.z + c], dx[rows.w + c]);
}

fn dx_values_column(rows: vec4u, c: u32) -> vec4f {
  return vec4f(dx_values[rows.x + c], dx_values[rows.y + c], dx_values[rows.z + c], dx_values[rows.w + c]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_dx(rows: vec4u, c: u32, value: vec4f) {
  dx[rows.w + c] = value.w;
  dx[rows.z + c] = value.z;
  dx[rows.y + c] = value.y;
  dx[rows.x + c] = value.x;
}

fn put_dx_values(rows: vec4u, c: u32, value: vec4f) {
  dx_values[rows.w + c] = value.w;
  dx_values[rows.z + c] = value.z;
  dx_values[rows.y + c] = value.y;
  dx_values[rows.x + c] = value.x;
}

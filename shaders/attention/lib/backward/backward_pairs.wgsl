// The reads and writes of attention_backward, two columns of a head at a time for four rows. Software GPUs are slow to
// compile memory accesses: blocks of four columns take twice the code, and pairs run faster than single columns.
alias Word = vec2f;
const WORD = 2u;

fn x_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(x[rows.x + c], x[rows.y + c], x[rows.z + c], x[rows.w + c]));
}

fn x_values_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(x_values[rows.x + c], x_values[rows.y + c], x_values[rows.z + c], x_values[rows.w + c]));
}

fn z_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(z[rows.x + c], z[rows.y + c], z[rows.z + c], z[rows.w + c]));
}

fn z_values_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(z_values[rows.x + c], z_values[rows.y + c], z_values[rows.z + c], z_values[rows.w + c]));
}

fn dx_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(dx[rows.x + c], dx[rows.y + c], dx[rows.z + c], dx[rows.w + c]));
}

fn dx_values_pair(rows: vec4u, c: u32) -> mat2x4f {
  return transpose(mat4x2f(dx_values[rows.x + c], dx_values[rows.y + c], dx_values[rows.z + c], dx_values[rows.w + c]));
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_dx(rows: vec4u, c: u32, pair: mat2x4f) {
  let words = transpose(pair);
  dx[rows.w + c] = words[3];
  dx[rows.z + c] = words[2];
  dx[rows.y + c] = words[1];
  dx[rows.x + c] = words[0];
}

fn put_dx_values(rows: vec4u, c: u32, pair: mat2x4f) {
  let words = transpose(pair);
  dx_values[rows.w + c] = words[3];
  dx_values[rows.z + c] = words[2];
  dx_values[rows.y + c] = words[1];
  dx_values[rows.x + c] = words[0];
}

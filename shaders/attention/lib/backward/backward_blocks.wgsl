// The reads and writes of attention_backward, in blocks of four rows by four columns of a head.
alias Word = vec4f;
const WORD = 4u;

fn x_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(x[rows.x + c], x[rows.y + c], x[rows.z + c], x[rows.w + c]);
}

fn x_values_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(x_values[rows.x + c], x_values[rows.y + c], x_values[rows.z + c], x_values[rows.w + c]);
}

fn z_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(z[rows.x + c], z[rows.y + c], z[rows.z + c], z[rows.w + c]);
}

fn z_values_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(z_values[rows.x + c], z_values[rows.y + c], z_values[rows.z + c], z_values[rows.w + c]);
}

// Tokens beyond the last repeat it, so the last itself is written after them.
fn put_dx(rows: vec4u, c: u32, block: mat4x4f) {
  dx[rows.w + c] = block[3];
  dx[rows.z + c] = block[2];
  dx[rows.y + c] = block[1];
  dx[rows.x + c] = block[0];
}

fn put_dx_values(rows: vec4u, c: u32, block: mat4x4f) {
  dx_values[rows.w + c] = block[3];
  dx_values[rows.z + c] = block[2];
  dx_values[rows.y + c] = block[1];
  dx_values[rows.x + c] = block[0];
}

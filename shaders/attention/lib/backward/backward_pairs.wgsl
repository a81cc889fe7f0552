// The reads and writes of attention_backward, two columns of a head at a time for four rows. Software GPUs compile memory
// accesses slowly, and blocks of four columns have twice as many. Pairs run faster than single columns.
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
  return gradients_pair(rows + p.at_dx / WORD + c);
}

fn dx_values_pair(rows: vec4u, c: u32) -> mat2x4f {
  return gradients_pair(rows + p.at_dx_values / WORD + c);
}

fn gradients_pair(at: vec4u) -> mat2x4f {
  return transpose(mat4x2f(gradients[at.x], gradients[at.y], gradients[at.z], gradients[at.w]));
}

fn put_dx(rows: vec4u, c: u32, pair: mat2x4f) {
  put_pair(rows + p.at_dx / WORD + c, pair);
}

fn put_dx_values(rows: vec4u, c: u32, pair: mat2x4f) {
  put_pair(rows + p.at_dx_values / WORD + c, pair);
}

// Rows beyond the last token are clamped to its row. Rows are written in reverse order, so that the last token's own values are written
// last and overwrite those of the clamped rows.
fn put_pair(at: vec4u, pair: mat2x4f) {
  let words = transpose(pair);
  gradients[at.w] = words[3];
  gradients[at.z] = words[2];
  gradients[at.y] = words[1];
  gradients[at.x] = words[0];
}

// Reads four values of x_values from index `at` on, a multiple of 4.
fn x_values4(at: u32) -> vec4f {
  return vec4f(x_values[at / WORD], x_values[at / WORD + 1u]);
}

// Reverses RoPE: rotates dx of four tokens back by the angles of their positions.
fn turn_dx_back(rows: vec4u, tokens: vec4u) {
  let half = p.D / 2u / WORD;
  for (var c = 0u; c < half; c++) {
    let at = tokens * (2u * half) + c;
    let cos = transpose(mat4x2f(turns[at.x], turns[at.y], turns[at.z], turns[at.w]));
    let sin = transpose(mat4x2f(turns[at.x + half], turns[at.y + half], turns[at.z + half], turns[at.w + half]));
    let lower = dx_pair(rows, c);
    let upper = dx_pair(rows, c + half);
    put_dx(rows, c, mat2x4f(lower[0] * cos[0] + upper[0] * sin[0], lower[1] * cos[1] + upper[1] * sin[1]));
    put_dx(rows, c + half, mat2x4f(upper[0] * cos[0] - lower[0] * sin[0], upper[1] * cos[1] - lower[1] * sin[1]));
  }
}

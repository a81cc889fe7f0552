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

// Rows beyond the last token are clamped to its row. Rows are written in reverse order, so that the last token's own values are written
// last and overwrite those of the clamped rows.
fn put_dx(rows: vec4u, c: u32, block: mat4x4f) {
  put_block(rows + p.at_dx / WORD + c, block);
}

fn put_dx_values(rows: vec4u, c: u32, block: mat4x4f) {
  put_block(rows + p.at_dx_values / WORD + c, block);
}

fn put_block(at: vec4u, block: mat4x4f) {
  gradients[at.w] = block[3];
  gradients[at.z] = block[2];
  gradients[at.y] = block[1];
  gradients[at.x] = block[0];
}

// Reads four values of x_values from index `at` on, a multiple of 4.
fn x_values4(at: u32) -> vec4f {
  return x_values[at / WORD];
}

// Two blocks: one of a head's lower half, one of its upper half.
struct Halves { near: mat4x4f, far: mat4x4f }

// Reverses RoPE: rotates the halves of four tokens' heads, from column c of each half on, back by the angles of the tokens' positions.
fn turned_back(own: Halves, tokens: vec4u, c: u32) -> Halves {
  let half = p.D / 2u / WORD;
  let at = tokens * (2u * half) + c;
  let cos = mat4x4f(turns[at.x], turns[at.y], turns[at.z], turns[at.w]);
  let sin = mat4x4f(turns[at.x + half], turns[at.y + half], turns[at.z + half], turns[at.w + half]);
  return Halves(times(own.near, cos) + times(own.far, sin), times(own.far, cos) - times(own.near, sin));
}

// The product of two blocks, element by element.
fn times(a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]);
}

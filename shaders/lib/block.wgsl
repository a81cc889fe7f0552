// Matrix products in 4×4 blocks. A mat4x4f holds a block by rows: its i-th vector is the block's i-th row.
// c + a·b
fn multiply_add(c: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(
    multiply_add_row(c[0], a[0], b),
    multiply_add_row(c[1], a[1], b),
    multiply_add_row(c[2], a[2], b),
    multiply_add_row(c[3], a[3], b),
  );
}

fn multiply_add_row(c: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  // Written out, because c + b * a would add c last, which costs a fifth operation.
  return c + b[0] * a.x + b[1] * a.y + b[2] * a.z + b[3] * a.w;
}

// c + a·bᵀ, where a and b are columns of four values
fn add_outer(c: mat4x4f, a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(c[0] + a.x * b, c[1] + a.y * b, c[2] + a.z * b, c[3] + a.w * b);
}

// c + a·bᵀ, where a and b are two columns of four values each
fn add_outer_pair(c: mat4x4f, a: mat2x4f, b: mat2x4f) -> mat4x4f {
  return add_outer(add_outer(c, a[0], b[0]), a[1], b[1]);
}

// c + a·b, where b and c are two columns of four values each
fn add_inner_pair(c: mat2x4f, a: mat4x4f, b: mat2x4f) -> mat2x4f {
  return mat2x4f(c[0] + b[0] * a, c[1] + b[1] * a);
}

// Scales two columns of four values, each row by its own factor.
fn scale_pair(c: mat2x4f, scale: vec4f) -> mat2x4f {
  return mat2x4f(c[0] * scale, c[1] * scale);
}

fn scale_columns(c: mat4x4f, scale: vec4f) -> mat4x4f {
  return mat4x4f(c[0] * scale, c[1] * scale, c[2] * scale, c[3] * scale);
}

fn add_to_rows(c: mat4x4f, term: vec4f) -> mat4x4f {
  return mat4x4f(c[0] + term, c[1] + term, c[2] + term, c[3] + term);
}

// Returns the i-th of four vectors. On software GPUs, a loop that calls it is faster than one that rotates four vectors in each iteration.
fn one_of(a: vec4f, b: vec4f, c: vec4f, d: vec4f, i: u32) -> vec4f {
  return select(select(a, b, i == 1u), select(c, d, i == 3u), i >= 2u);
}

// Four rows of a head of eight columns, in registers: `near` has the first four columns, `far` the others. The sums are computed one
// after the other, each as one chain of additions, so that few terms are in registers at once.
// with lib/neighbours.wgsl
struct Head { near: mat4x4f, far: mat4x4f }

// a·b_iᵀ, where b_i is `own` of the quad's i-th thread.
fn outer(a: Head, own: Head) -> Blocks {
  return Blocks(
    outer_block(a, own),
    outer_block(a, Head(across(own.near), across(own.far))),
    outer_block(a, Head(below(own.near), below(own.far))),
    outer_block(a, Head(diagonal(own.near), diagonal(own.far))),
  );
}

fn outer_block(a: Head, b: Head) -> mat4x4f {
  return mat4x4f(
    a.near[0] * b.near + a.far[0] * b.far,
    a.near[1] * b.near + a.far[1] * b.far,
    a.near[2] * b.near + a.far[2] * b.far,
    a.near[3] * b.near + a.far[3] * b.far,
  );
}

// c + Σ_i a_i·b_i, where b_i is `own` of the quad's i-th thread.
fn add_inner(c: Head, a: Blocks, own: Head) -> Head {
  return Head(add_inner_blocks(c.near, a, own.near), add_inner_blocks(c.far, a, own.far));
}

fn add_inner_blocks(c: mat4x4f, a: Blocks, own: mat4x4f) -> mat4x4f {
  let sums = add_product(add_product(c, a.b0, own), a.b1, across(own));
  return add_product(add_product(sums, a.b2, below(own)), a.b3, diagonal(own));
}

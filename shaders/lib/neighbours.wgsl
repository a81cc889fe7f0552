// The four threads of a quad share what they read: each reads one 4 × 4 block (or four values), and receives the other threads' blocks.
// A thread's own block comes first, then those of the threads whose index differs from its own in the first bit, in the
// second, and in both. This order differs between threads, and takes fewer instructions than a common one.
// These functions assume that a quad's threads are adjacent in the workgroup, which is true wherever they are used.
fn across(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapX(a[0]), quadSwapX(a[1]), quadSwapX(a[2]), quadSwapX(a[3]));
}

fn below(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapY(a[0]), quadSwapY(a[1]), quadSwapY(a[2]), quadSwapY(a[3]));
}

fn diagonal(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapDiagonal(a[0]), quadSwapDiagonal(a[1]), quadSwapDiagonal(a[2]), quadSwapDiagonal(a[3]));
}

// In the order above, `thread` has the i-th block from another thread of the quad. Returns the index (0 to 3) of that thread in the quad.
fn neighbour(thread: u32, i: u32) -> u32 {
  return (thread & 3u) ^ i;
}

// c + a·b, in fewer instructions than multiply_add, because the compilers of software GPUs handle long code badly.
fn add_product(c: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(c[0] + b * a[0], c[1] + b * a[1], c[2] + b * a[2], c[3] + b * a[3]);
}

// Four blocks, one for each thread of the quad, in the order above.
struct Blocks { b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f }

// c_i + a_i·b, where a_i is `own` of the quad's i-th thread.
fn add_neighbours_times(c: Blocks, own: mat4x4f, b: mat4x4f) -> Blocks {
  return Blocks(
    add_product(c.b0, own, b),
    add_product(c.b1, across(own), b),
    add_product(c.b2, below(own), b),
    add_product(c.b3, diagonal(own), b),
  );
}

// c_i + a·b_iᵀ, where b_i is `own` of the quad's i-th thread; a and b_i are two columns of four values each.
fn add_outer_pairs(c: Blocks, a: mat2x4f, own: mat2x4f) -> Blocks {
  return add_outer_neighbours(add_outer_neighbours(c, a[0], own[0]), a[1], own[1]);
}

// As add_outer_pairs, but a and each b_i are one column.
fn add_outer_neighbours(c: Blocks, a: vec4f, own: vec4f) -> Blocks {
  return Blocks(
    add_outer(c.b0, a, own),
    add_outer(c.b1, a, quadSwapX(own)),
    add_outer(c.b2, a, quadSwapY(own)),
    add_outer(c.b3, a, quadSwapDiagonal(own)),
  );
}

// c + Σ_i a_i·b_i, where b_i is `own` of the quad's i-th thread; c and b_i are two columns of four values each.
fn add_inner_pairs(c: mat2x4f, a: Blocks, own: mat2x4f) -> mat2x4f {
  return mat2x4f(add_inner_neighbours(c[0], a, own[0]), add_inner_neighbours(c[1], a, own[1]));
}

// As add_inner_pairs, but c and each b_i are one column.
fn add_inner_neighbours(c: vec4f, a: Blocks, own: vec4f) -> vec4f {
  return c + own * a.b0 + quadSwapX(own) * a.b1 + quadSwapY(own) * a.b2 + quadSwapDiagonal(own) * a.b3;
}

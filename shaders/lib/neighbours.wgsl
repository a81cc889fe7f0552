// What the four threads of a quad read for each other: a block each, of which every thread gets all four.
// Quads are taken to be neighbours in the workgroup, as they are wherever these functions are used.
fn of_lane0(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(a[0], 0u), quadBroadcast(a[1], 0u), quadBroadcast(a[2], 0u), quadBroadcast(a[3], 0u));
}

fn of_lane1(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(a[0], 1u), quadBroadcast(a[1], 1u), quadBroadcast(a[2], 1u), quadBroadcast(a[3], 1u));
}

fn of_lane2(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(a[0], 2u), quadBroadcast(a[1], 2u), quadBroadcast(a[2], 2u), quadBroadcast(a[3], 2u));
}

fn of_lane3(a: mat4x4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(a[0], 3u), quadBroadcast(a[1], 3u), quadBroadcast(a[2], 3u), quadBroadcast(a[3], 3u));
}

// c + a·b, in fewer instructions than multiply_add: compilers of software adapters do badly when there are many.
fn add_product(c: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(c[0] + b * a[0], c[1] + b * a[1], c[2] + b * a[2], c[3] + b * a[3]);
}

// Four blocks, one with or for each lane.
struct Blocks { b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f }

// c_i + a_i·b, where each lane has an a of its own.
fn add_lanes_times(c: Blocks, own: mat4x4f, b: mat4x4f) -> Blocks {
  return Blocks(
    add_product(c.b0, of_lane0(own), b),
    add_product(c.b1, of_lane1(own), b),
    add_product(c.b2, of_lane2(own), b),
    add_product(c.b3, of_lane3(own), b),
  );
}

// c_i + a·b_iᵀ, a a column and b_i a row of four, which each lane has of its own.
fn add_outer_lanes(c: Blocks, a: vec4f, own: vec4f) -> Blocks {
  return Blocks(
    add_outer(c.b0, a, quadBroadcast(own, 0u)),
    add_outer(c.b1, a, quadBroadcast(own, 1u)),
    add_outer(c.b2, a, quadBroadcast(own, 2u)),
    add_outer(c.b3, a, quadBroadcast(own, 3u)),
  );
}

// c + Σ_i a_i·b_i, b_i a column of four, which each lane has of its own.
fn add_inner_lanes(c: vec4f, a: Blocks, own: vec4f) -> vec4f {
  return c + quadBroadcast(own, 0u) * a.b0 + quadBroadcast(own, 1u) * a.b1 + quadBroadcast(own, 2u) * a.b2 + quadBroadcast(own, 3u) * a.b3;
}

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

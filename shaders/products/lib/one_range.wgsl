// Completes a tile for kernels that add no low-rank product (low_rank.wgsl). The rank is 0 here, so compilers remove that product's loops.
fn low_inner() -> u32 {
  return 0u;
}

fn low_left_begin(row: u32) -> vec4u {
  return vec4u();
}

fn low_left_block(begin: vec4u, k: u32) -> mat4x4f {
  return mat4x4f();
}

fn low_left4(origin: u32, k: u32) -> vec4f {
  return vec4f();
}

fn low_right_begin(column: u32) -> vec4u {
  return vec4u();
}

fn low_right_block(begin: vec4u, k: u32) -> mat4x4f {
  return mat4x4f();
}

fn low_scale(column: u32) -> vec4f {
  return vec4f(1.0);
}

// Writes gate and up, the results of two matrix products whose columns alternate in a block, as lib/right_pairs.wgsl reads them, and
// y = gate · σ(gate) · up. All are (N, M), with rows of whole words. The kernel binds y, and gate and up as one buffer gates, in which
// up begins at at_up.
// with lib/math/sigmoid.wgsl
fn finish(n: u32, column: u32, block: mat4x4f) {
  put_two(n, column, block[0], block[1]);
  put_two(n + 2u, column, block[2], block[3]);
}

// Writes two rows of a block. Indices count pairs of columns.
fn put_two(n: u32, column: u32, first: vec4f, second: vec4f) {
  let gate = vec4f(first.xy, second.xy);
  let up = vec4f(first.zw, second.zw);
  let products = gate * sigmoid(gate) * up;
  let at = (n * p.M + column / 2u) >> 1u;
  if (n < rows() && column < columns()) {
    put_pair(at, gate.xy, up.xy, products.xy);
  }
  if (n + 1u < rows() && column < columns()) {
    put_pair(at + p.M / 2u, gate.zw, up.zw, products.zw);
  }
}

fn put_pair(at: u32, gate: vec2f, up: vec2f, product: vec2f) {
  gates[at] = gate;
  gates[p.at_up / 2u + at] = up;
  y[at] = product;
}

fn finish_tile(group: vec3u, thread: u32) {}

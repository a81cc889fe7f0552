// Two parts' results that alternate in the columns of a block, as lib/right_pairs.wgsl reads them: gate and up, (N, M) with lines of whole
// words, and gate · σ(gate) · up. The form's put_pair writes two columns of all three.
// with lib/math/sigmoid.wgsl
fn finish(n: u32, column: u32, block: mat4x4f) {
  put_two(n, column, block[0], block[1]);
  put_two(n + 2u, column, block[2], block[3]);
}

// Writes two rows of a block. Places count pairs of columns.
fn put_two(n: u32, column: u32, first: vec4f, second: vec4f) {
  let gates = vec4f(first.xy, second.xy);
  let ups = vec4f(first.zw, second.zw);
  let products = gates * sigmoid(gates) * ups;
  let at = (n * p.M + column / 2u) >> 1u;
  if (n < rows() && column < columns()) {
    put_pair(at, gates.xy, ups.xy, products.xy);
  }
  if (n + 1u < rows() && column < columns()) {
    put_pair(at + p.M / 2u, gates.zw, ups.zw, products.zw);
  }
}

fn finish_tile(group: vec3u, thread: u32) {}

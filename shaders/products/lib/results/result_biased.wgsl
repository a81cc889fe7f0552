// Adds to the result a bias for each column, if has_bias isn't 0, and a residual, if has_residual isn't 0.
fn finish(n: u32, m: u32, block: mat4x4f) {
  put_block(n, m, add_to_rows(block, bias4(m)));
}

fn bias4(m: u32) -> vec4f {
  if (p.has_bias == 0u) {
    return vec4f();
  }
  let last = p.M - 1u;
  return vec4f(bias[min(m, last)], bias[min(m + 1u, last)], bias[min(m + 2u, last)], bias[min(m + 3u, last)]);
}

fn put(at: u32, value: Result) {
  var sum = value;
  if (p.has_residual != 0u) {
    sum += residual[at];
  }
  y[at] = sum;
}

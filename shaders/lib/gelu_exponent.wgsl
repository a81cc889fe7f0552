// t = 2√(2/π) · (x + 0.044715x³) and its derivative, for gelu_new(x) = x · σ(t). Beyond ±10, where σ(t) is
// as good as 0 or 1, x is clamped: no overflow for any x.
const GELU_SCALE = 1.5957691216057308; // 2√(2/π)

fn gelu_exponent(x: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-10.0), vec4f(10.0));
  return GELU_SCALE * near * (1.0 + 0.044715 * near * near);
}

fn gelu_exponent_slope(x: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-10.0), vec4f(10.0));
  return GELU_SCALE * (1.0 + 0.134145 * near * near);
}

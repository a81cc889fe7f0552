// t = 2√(2/π) · (x + 0.044715x³), for gelu_new(x) = x · σ(t), and that function's derivative. Beyond ±10, where σ(t) is
// practically 0 or 1, x is clamped, so that t never overflows.
// with lib/sigmoid.wgsl
const GELU_SCALE = 1.5957691216057308; // 2√(2/π)

fn gelu_exponent(x: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-10.0), vec4f(10.0));
  return GELU_SCALE * near * (1.0 + 0.044715 * near * near);
}

// The derivative σ(t) + x · σ(t) · σ(−t) · t′, from t and s = σ(t).
fn gelu_new_slope(x: vec4f, t: vec4f, s: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-10.0), vec4f(10.0));
  return s + x * s * sigmoid(-t) * (GELU_SCALE * (1.0 + 0.134145 * near * near));
}

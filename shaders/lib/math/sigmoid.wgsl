// 1 / (1 + e^−x), computed with an exponent that is never positive, so that it never overflows.
fn sigmoid(x: vec4f) -> vec4f {
  let e = exp(-abs(x));
  return select(e, vec4f(1.0), x >= vec4f(0.0)) / (1.0 + e);
}

// tanh to a few ULP. WGSL's own `tanh` may be less exact near 0, and on some drivers overflows for large x.
// Up to 0.625 it is x + x³ · P(x²), P as in Cephes' tanhf; beyond, (1 − e) / (1 + e) with e = exp(−2|x|), which can't overflow.
fn safe_tanh(x: vec4f) -> vec4f {
  let s = x * x;
  let near = x + x * s * (-0.333332819422 + s * (0.133314422036 + s * (-0.0537397155531
    + s * (0.0206390887954 - s * 0.00570498872745))));
  let e = exp(-2.0 * abs(x));
  let far = (1.0 - e) / (1.0 + e);
  return select(select(-far, far, x > vec4f(0.0)), near, abs(x) < vec4f(0.625));
}

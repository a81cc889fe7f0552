// Φ(x) = ½(1 + erf(x/√2)), the normal distribution's cumulative function, to about 1e-7 for any x. `bell` is e^(−x²/2).
// Up to |x| = 1 it is ½ + x · P(x²), with P to 1e-8. Beyond, its tail Φ(−|x|) is bell · Q(q) / (|x| + 3), with Q to a
// relative 2e-8 over q = (|x| − 3) / (|x| + 3), so that no digits cancel. P and Q are minimax polynomials.
const BELL_AREA = 2.5066282746310002; // √(2π)

// e^(−x²/2). |x| is clamped to 15, where the result is 0 in f32 already, so that x² never overflows.
fn normal_bell(x: vec4f) -> vec4f {
  let far = min(abs(x), vec4f(15.0));
  return exp(-0.5 * far * far);
}

fn normal_cdf(x: vec4f, bell: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-1.0), vec4f(1.0));
  let s = near * near;
  let centre = 0.5 + near * (0.3989421993 + s * (-0.06648873297 + s * (0.009964176004
    + s * (-0.001165361873 + s * 9.247299221e-5))));

  let far = min(abs(x), vec4f(15.0));
  let r = 1.0 / (far + 3.0);
  let q = (far - 3.0) * r;
  let tail = bell * r * (0.7290836982 + q * (-0.5093319054 + q * (0.2300167523 + q * (-0.04726519762
    + q * (-0.01044432174 + q * (0.006983573976 + q * (0.0009093937669 - q * 0.00102275804)))))));

  return select(select(tail, 1.0 - tail, x > vec4f(0.0)), centre, far < vec4f(1.0));
}

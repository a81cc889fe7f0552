// Scores without a cap.
const LOG2_E = 1.4426950408889634;

// log2(e^score) of four scores, from products of queries and keys.
fn exponents(products: vec4f) -> vec4f {
  return products * (p.scale * LOG2_E);
}

// The gradient of the scores before the cap, from the gradient of the capped scores.
fn uncapped(gradient: vec4f, products: vec4f) -> vec4f {
  return gradient;
}

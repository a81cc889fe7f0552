// Scores without a cap.
const LOG2_E = 1.4426950408889634;

// log2 of the exp of four scores, from products of queries and keys.
fn exponents(products: vec4f) -> vec4f {
  return products * (p.scale * LOG2_E);
}

// The gradient by scores before the cap, from the gradient by capped scores.
fn uncapped(gradient: vec4f, products: vec4f) -> vec4f {
  return gradient;
}

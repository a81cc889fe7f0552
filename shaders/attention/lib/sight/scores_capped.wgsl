// Scores within ±softcap: softcap · tanh(s / softcap).
const LOG2_E = 1.4426950408889634;

// log2(e^score) of four scores, from products of queries and keys.
fn exponents(products: vec4f) -> vec4f {
  return (p.softcap * LOG2_E) * safe_tanh(products * p.scale / p.softcap);
}

// The gradient of the scores before the cap, from the gradient of the capped scores.
fn uncapped(gradient: vec4f, products: vec4f) -> vec4f {
  let t = safe_tanh(products * p.scale / p.softcap);
  return gradient * (1.0 - t) * (1.0 + t);
}

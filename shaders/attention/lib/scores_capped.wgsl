// Scores within ±softcap: softcap · tanh(s / softcap).
fn capped(scores: vec4f) -> vec4f {
  return p.softcap * safe_tanh(scores / p.softcap);
}

// The gradient by scores before the cap, from that by those behind it.
fn uncapped(gradient: vec4f, scores: vec4f) -> vec4f {
  let t = safe_tanh(scores / p.softcap);
  return gradient * (1.0 - t) * (1.0 + t);
}

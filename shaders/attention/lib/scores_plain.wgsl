// Scores without a cap.
fn capped(scores: vec4f) -> vec4f {
  return scores;
}

// The gradient by scores before the cap, from that by those behind it.
fn uncapped(gradient: vec4f, scores: vec4f) -> vec4f {
  return gradient;
}

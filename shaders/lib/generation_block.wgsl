// The state of a sequence that is being generated. The host writes it once; `sample` advances it by one token.
struct GenerationBlock {
  position: u32, // position of the token to sample
  count: u32,    // tokens sampled so far
  row: u32,      // the row of the logits to sample from
  do_sample: u32,
  seed_low: u32,
  seed_high: u32,
  top_k: u32,    // 0 keeps all
  temperature: f32,
  top_p: f32,    // 1 keeps all
  repetition_penalty: f32, // 1 for no penalty
}

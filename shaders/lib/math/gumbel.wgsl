// A standard Gumbel variable, −ln E with E = −ln(1 − w), from 23 random bits of a word: w = (bits + ½) / 2²³ in (0, 1).
// The largest variables come from small w, whose digits 1 − w loses: there E is computed by its series.
fn gumbel(word: u32) -> f32 {
  let w = (f32(word >> 9u) + 0.5) / 8388608.0;
  let series = w * (1.0 + w * (1.0 / 2.0 + w * (1.0 / 3.0 + w * (1.0 / 4.0 + w / 5.0))));
  return -log(select(-log(1.0 - w), series, w < 0.0625));
}

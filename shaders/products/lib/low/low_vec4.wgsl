// Storage format of the low-rank product's operands: f32, four values a word. The rows of the stored matrices are multiples of 4 values.
alias LowWord = vec4f;

fn low_left_origin(line: u32) -> u32 {
  return line * (p.R >> 2u);
}

fn low_right_origin(line: u32) -> u32 {
  return line * (low_right_stride() >> 2u);
}

fn low_left4(origin: u32, at: u32) -> vec4f {
  return low_left_word(origin + (at >> 2u));
}

fn low_right4(origin: u32, at: u32) -> vec4f {
  return low_right_word(origin + (at >> 2u));
}

// Storage of the left operand: f32, four values a word; the lines are whole words.
alias LeftWord = vec4f;

fn left_origin(line: u32) -> u32 {
  return line * (left_stride() / 4u);
}

fn left4(origin: u32, at: u32) -> vec4f {
  return left_word(origin + at / 4u);
}

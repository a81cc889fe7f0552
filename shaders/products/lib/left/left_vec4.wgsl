// Storage format of the left operand: f32, four values a word. Each line (row of the stored matrix) is a whole number of words.
alias LeftWord = vec4f;

fn left_origin(part: u32, line: u32) -> u32 {
  return (left_base(part) + line * left_stride(part)) >> 2u;
}

fn left_place(at: u32) -> u32 {
  return at >> 2u;
}

fn left4(part: u32, origin: u32, place: u32) -> vec4f {
  return left_word(part, origin + place);
}

// Storage format of the right operand: f32, four values a word.
alias RightWord = vec4f;

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  return right_word(part, origin + place);
}

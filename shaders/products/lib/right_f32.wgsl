// Storage of the right operand: f32, four values a word. Lines are whole words.
alias RightWord = vec4f;

fn right_origin(part: u32, line: u32) -> u32 {
  return line * (right_stride(part) >> 2u);
}

fn right_place(at: u32) -> u32 {
  return at >> 2u;
}

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  return right_word(part, origin + place);
}

// Storage of the right operand: packed bf16, the upper halves of f32, four values a word. Lines are whole words.
alias RightWord = vec2u;

fn right_origin(part: u32, line: u32) -> u32 {
  return line * (right_stride(part) >> 2u);
}

fn right_place(at: u32) -> u32 {
  return at >> 2u;
}

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  let word = right_word(part, origin + place);
  return bitcast<vec4f>(vec4u(word.x << 16u, word.x & 0xffff0000u, word.y << 16u, word.y & 0xffff0000u));
}

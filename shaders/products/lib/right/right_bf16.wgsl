// Storage format of the right operand: packed bf16, the upper halves of f32, four values a word.
alias RightWord = vec2u;

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  let word = right_word(part, origin + place);
  return bitcast<vec4f>(vec4u(word.x << 16u, word.x & 0xffff0000u, word.y << 16u, word.y & 0xffff0000u));
}

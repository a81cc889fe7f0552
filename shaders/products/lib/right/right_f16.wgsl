// Storage format of the right operand: packed f16, four values a word.
alias RightWord = vec2u;

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  let word = right_word(part, origin + place);
  return vec4f(unpack2x16float(word.x), unpack2x16float(word.y));
}

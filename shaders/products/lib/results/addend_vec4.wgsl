// Storage formats of a matrix that is added to the result: f32, or packed f16. Rows are multiples of four values.
alias AddendWord = vec2u;

fn addend(at: u32, half: bool) -> Result {
  if (half) {
    let word = addend_word(at);
    return vec4f(unpack2x16float(word.x), unpack2x16float(word.y));
  }
  return bitcast<vec4f>(vec4u(addend_word(2u * at), addend_word(2u * at + 1u)));
}

// Storage formats of a matrix that is added to the result: f32, or packed f16, two values a word. Rows may have any length.
alias AddendWord = u32;

fn addend(at: u32, half: bool) -> Result {
  let word = addend_word(select(at, at / 2u, half));
  if (half) {
    return unpack2x16float(word)[at % 2u];
  }
  return bitcast<f32>(word);
}

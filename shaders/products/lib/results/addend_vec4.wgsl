// Storage formats of a matrix that is added to the result: f32, or packed f16. Rows are multiples of four values.
alias AddendWord = vec2u;

// Reads four values: one word in f16, two words in f32. The loop's bound isn't a constant, so compilers don't unroll it: the compilers of
// software GPUs take long for each place that reads memory, and `addend_word` may have four of them.
fn addend(at: u32, half: bool) -> Result {
  let count = select(2u, 1u, half);
  var before = vec2u();
  var word = vec2u();
  for (var i = 0u; i < count; i++) {
    before = word;
    word = addend_word(at * count + i);
  }
  if (half) {
    return vec4f(unpack2x16float(word.x), unpack2x16float(word.y));
  }
  return bitcast<vec4f>(vec4u(before, word));
}

// One value at a time: rows of any length.
alias Word = f32;
const WIDTH = 1u;

fn word_dot(a: Word, b: Word) -> f32 {
  return a * b;
}

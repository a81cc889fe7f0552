// Four values at a time: rows are multiples of 4.
alias Word = vec4f;
const WIDTH = 4u;

fn word_dot(a: Word, b: Word) -> f32 {
  return dot(a, b);
}

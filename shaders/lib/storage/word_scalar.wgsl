// Words of one value, for rows of any length.
alias Word = f32;
const WIDTH = 1u;

fn word_dot(a: Word, b: Word) -> f32 {
  return a * b;
}

fn word_sum(a: Word) -> f32 {
  return a;
}

fn word_max(a: Word) -> f32 {
  return a;
}

fn word_at(a: Word, at: u32) -> f32 {
  return a;
}

// A word with 1 at index `at` and 0 elsewhere.
fn word_unit(at: u32) -> Word {
  return select(0.0, 1.0, at == 0u);
}

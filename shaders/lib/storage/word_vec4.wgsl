// Words of four values, for rows whose length is a multiple of 4.
alias Word = vec4f;
const WIDTH = 4u;

fn word_dot(a: Word, b: Word) -> f32 {
  return dot(a, b);
}

fn word_sum(a: Word) -> f32 {
  return dot(a, vec4f(1.0));
}

fn word_max(a: Word) -> f32 {
  return max(max(a.x, a.y), max(a.z, a.w));
}

fn word_at(a: Word, at: u32) -> f32 {
  return a[at];
}

// A word with 1 at index `at` and 0 elsewhere.
fn word_unit(at: u32) -> Word {
  return select(vec4f(), vec4f(1.0), vec4u(0u, 1u, 2u, 3u) == vec4u(at));
}

// Storage format of the low-rank product's operands: f32, one value a word. A line (a row of the stored matrix) may have any length. Values
// of the left operand beyond the rank read as 0.
alias LowWord = f32;

fn low_left_origin(line: u32) -> u32 {
  return line * p.R;
}

fn low_right_origin(line: u32) -> u32 {
  return line * low_right_stride();
}

fn low_left4(origin: u32, at: u32) -> vec4f {
  return vec4f(low_left1(origin, at), low_left1(origin, at + 1u), low_left1(origin, at + 2u), low_left1(origin, at + 3u));
}

fn low_left1(origin: u32, at: u32) -> f32 {
  return select(0.0, low_left_word(origin + min(at, p.R - 1u)), at < p.R);
}

fn low_right4(origin: u32, at: u32) -> vec4f {
  let last = low_right_stride() - 1u;
  return vec4f(
    low_right_word(origin + min(at, last)),
    low_right_word(origin + min(at + 1u, last)),
    low_right_word(origin + min(at + 2u, last)),
    low_right_word(origin + min(at + 3u, last)),
  );
}

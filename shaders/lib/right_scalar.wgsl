// Storage of the right operand: f32, lines of any length. What lies beyond a line's end reads as 0.
alias RightWord = f32;

fn right_origin(line: u32) -> u32 {
  return line * right_stride();
}

fn right4(origin: u32, at: u32) -> vec4f {
  return vec4f(right1(origin, at), right1(origin, at + 1u), right1(origin, at + 2u), right1(origin, at + 3u));
}

fn right1(origin: u32, at: u32) -> f32 {
  return select(0.0, right_word(origin + min(at, right_stride() - 1u)), at < right_stride());
}

// Storage format of the right operand: f32, one value a word. A line (a row of the stored matrix) may have any length; values beyond its
// end read as 0.
alias RightWord = f32;

fn right_origin(part: u32, line: u32) -> u32 {
  return line * right_stride(part);
}

fn right_place(at: u32) -> u32 {
  return at;
}

fn right4(part: u32, origin: u32, at: u32) -> vec4f {
  return vec4f(right1(part, origin, at), right1(part, origin, at + 1u), right1(part, origin, at + 2u), right1(part, origin, at + 3u));
}

fn right1(part: u32, origin: u32, at: u32) -> f32 {
  return select(0.0, right_word(part, origin + min(at, right_stride(part) - 1u)), at < right_stride(part));
}

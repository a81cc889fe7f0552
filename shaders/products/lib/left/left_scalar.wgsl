// Storage format of the left operand: f32, one value a word. A line (a row of the stored matrix) may have any length; values beyond its end
// read as 0.
alias LeftWord = f32;

fn left_origin(part: u32, line: u32) -> u32 {
  return left_base(part) + line * left_stride(part);
}

fn left_place(at: u32) -> u32 {
  return at;
}

fn left4(part: u32, origin: u32, at: u32) -> vec4f {
  return vec4f(left1(part, origin, at), left1(part, origin, at + 1u), left1(part, origin, at + 2u), left1(part, origin, at + 3u));
}

fn left1(part: u32, origin: u32, at: u32) -> f32 {
  return select(0.0, left_word(part, origin + min(at, left_stride(part) - 1u)), at < left_stride(part));
}

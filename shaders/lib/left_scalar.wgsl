// Storage of the left operand: f32, lines of any length. What lies beyond a line's end reads as 0.
alias LeftWord = f32;

fn left_origin(line: u32) -> u32 {
  return line * left_stride();
}

fn left4(origin: u32, at: u32) -> vec4f {
  return vec4f(left1(origin, at), left1(origin, at + 1u), left1(origin, at + 2u), left1(origin, at + 3u));
}

fn left1(origin: u32, at: u32) -> f32 {
  return select(0.0, left_word(origin + min(at, left_stride() - 1u)), at < left_stride());
}

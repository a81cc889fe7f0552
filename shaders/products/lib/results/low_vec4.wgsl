// Storage of the low-rank operands, the kernel's u and B: f32, four values a word. The rank is a multiple of 4.
alias LowWord = vec4f;

fn low_origin(line: u32) -> u32 {
  return line * (p.R >> 2u);
}

fn low_left4(origin: u32, at: u32) -> vec4f {
  return u[origin + (at >> 2u)];
}

fn low_right4(origin: u32, at: u32) -> vec4f {
  return B[origin + (at >> 2u)];
}

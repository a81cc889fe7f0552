// Storage of the low-rank operands, the kernel's u and B: f32, any rank. Values of u beyond the rank read as 0.
alias LowWord = f32;

fn low_origin(line: u32) -> u32 {
  return line * p.R;
}

fn low_left4(origin: u32, at: u32) -> vec4f {
  return vec4f(low_left1(origin, at), low_left1(origin, at + 1u), low_left1(origin, at + 2u), low_left1(origin, at + 3u));
}

fn low_left1(origin: u32, at: u32) -> f32 {
  return select(0.0, u[origin + min(at, p.R - 1u)], at < p.R);
}

fn low_right4(origin: u32, at: u32) -> vec4f {
  let last = p.R - 1u;
  return vec4f(
    B[origin + min(at, last)],
    B[origin + min(at + 1u, last)],
    B[origin + min(at + 2u, last)],
    B[origin + min(at + 3u, last)],
  );
}

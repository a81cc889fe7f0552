// Storage format of the right operand, q4: a code of 4 bits per value. A row of the stored matrix has a word for each group of 32 values,
// then words of eight codes: the low four bits of a word's four bytes are its first four codes. A group's word holds its scale and its
// minimum, as f16: value = scale · code + minimum, which is rounded only once.
alias RightWord = u32;

fn right_origin(part: u32, line: u32) -> u32 {
  return line * ((right_stride(part) >> 5u) + (right_stride(part) >> 3u));
}

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  let group = unpack2x16float(right_word(part, origin + (place >> 3u)));
  let codes = right_word(part, origin + (right_stride(part) >> 5u) + (place >> 1u)) >> ((place & 1u) << 2u);
  let numbers = vec4f(vec4u(codes & 0xfu, (codes >> 8u) & 0xfu, (codes >> 16u) & 0xfu, (codes >> 24u) & 0xfu));
  return numbers * group.x + vec4f(group.y);
}

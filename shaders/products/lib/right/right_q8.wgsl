// Storage format of the right operand, q8: a code of 8 bits per value. A row of the stored matrix has a word for each group of 32 values,
// then words of four codes. A group's word holds two scales, as f16, for its first 16 values and for the others:
// value = scale · (code − 128), exactly.
alias RightWord = u32;

fn right_origin(part: u32, line: u32) -> u32 {
  return line * ((right_stride(part) >> 5u) + (right_stride(part) >> 2u));
}

fn right4(part: u32, origin: u32, place: u32) -> vec4f {
  let scales = right_word(part, origin + (place >> 3u));
  let codes = right_word(part, origin + (right_stride(part) >> 5u) + place);
  let scale = unpack2x16float(scales >> ((place & 4u) << 2u)).x;
  let numbers = vec4f(vec4u(codes & 0xffu, (codes >> 8u) & 0xffu, (codes >> 16u) & 0xffu, codes >> 24u));
  return numbers * scale - vec4f(128.0 * scale);
}

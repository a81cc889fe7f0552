// Whether x is neither infinite nor NaN. Checks the bits, because compilers may assume that comparisons never see such numbers.
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

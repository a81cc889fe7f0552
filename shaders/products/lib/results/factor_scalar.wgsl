// The factor of one value of the result. The kernel's `factor4` returns the factors of four columns of a row, from a multiple of 4 on.
fn factor(at: u32) -> Result {
  let column = at % columns();
  return factor4(at / columns(), column / 4u * 4u)[column % 4u];
}

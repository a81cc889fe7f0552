// The factor by which a value of the result is multiplied. The kernel's `factor4` returns the factors of four columns of a row, the first
// of which is a multiple of 4.
fn factor(at: u32) -> Result {
  let column = at % columns();
  return factor4(at / columns(), column / 4u * 4u)[column % 4u];
}

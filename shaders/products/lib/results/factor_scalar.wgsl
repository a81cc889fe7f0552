// The factor of a value of the result. The kernel's `factor4` gives those of four columns of a row, starting at a multiple of 4.
fn factor(at: u32) -> Result {
  let column = at % columns();
  return factor4(at / columns(), column / 4u * 4u)[column % 4u];
}

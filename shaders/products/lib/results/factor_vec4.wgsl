// The factors by which the four values in a word of the result are multiplied, from the kernel's `factor4`. Rows are whole words.
fn factor(at: u32) -> Result {
  let place = at * 4u;
  return factor4(place / columns(), place % columns());
}

// The factors of the four values in a word of the result, from the kernel's `factor4`. Lines are whole words.
fn factor(at: u32) -> Result {
  let place = at * 4u;
  return factor4(place / columns(), place % columns());
}

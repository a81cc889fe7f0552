// The convolution of u = b ⊙ x at token n, over the tokens of its document that aren't padding. Padding sees no token.
fn convolved(n: u32, c: u32) -> Word {
  let width = p.C / WIDTH;
  let t = n % p.T;
  var total = Word();
  for (var back = min(t + 1u, p.K); back > 0u; back--) {
    let m = n + 1u - back;
    if (spans[n].y > 0u && t < spans[m].y) {
      let row = 3u * m * width + c;
      total += weight[(p.K - back) * width + c] * bcx[row] * bcx[row + 2u * width];
    }
  }
  return total;
}

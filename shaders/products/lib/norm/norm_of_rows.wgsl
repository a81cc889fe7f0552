// The norm before the product, in tiles whose threads each read rows of their own through all columns: a thread first makes those rows of y,
// as rms_norm_serial does, so that no workgroup repeats the norm, and none waits for another.
fn normalise(first: u32, count: u32) {
  let width = p.C >> 2u;
  for (var n = first; n < first + count; n++) {
    let row = n * width;
    var squares = 0.0;
    for (var c = 0u; c < width; c++) {
      squares += dot(x[row + c], x[row + c]);
    }
    let r = inverseSqrt(squares / f32(p.C) + p.eps);
    for (var c = 0u; c < width; c++) {
      y[row + c] = x[row + c] * r * (weight[c] + p.weight_offset);
    }
    rstd[n] = r;
  }
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return y[index];
}

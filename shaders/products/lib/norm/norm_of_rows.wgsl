// RMS norm before the product, in tiles whose threads each compute all columns of their own rows. A thread first computes its rows of y, as
// rms_norm_serial does, so that no workgroup repeats the norm or waits for another.
fn normalise(first: u32, count: u32) {
  let width = p.C >> 2u;
  for (var n = first; n < first + count; n++) {
    let row = n * width;
    // Sums in the order of all rms_norm kernels for whole words: first eight sums, each over every eighth word, then their sum.
    var squares = 0.0;
    for (var lane = 0u; lane < 8u; lane++) {
      var own = 0.0;
      for (var c = lane; c < width; c += 8u) {
        own += dot(x[row + c], x[row + c]);
      }
      squares += own;
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

fn finish(n: u32, j: u32, block: mat4x4f) {
  put_block(n, j, block);
}

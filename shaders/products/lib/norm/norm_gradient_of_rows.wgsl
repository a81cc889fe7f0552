// The gradient of RMS norm before the product that reads it, in tiles whose threads each compute all columns of their own rows. A thread
// first computes its rows of dx in full, as rms_norm_backward_serial does, so that no workgroup repeats them or waits for another.
fn normalise(first: u32, count: u32) {
  let width = p.C >> 2u;
  for (var n = first; n < first + count; n++) {
    let row = n * width;
    // The squares are summed in the order of all rms_norm kernels for whole words.
    var squares = 0.0;
    var products = 0.0;
    for (var lane = 0u; lane < 8u; lane++) {
      var own_squares = 0.0;
      var own_products = 0.0;
      for (var c = lane; c < width; c += 8u) {
        own_squares += dot(x[row + c], x[row + c]);
        own_products += dot(scaled_gradient(row + c, weight[c] + p.weight_offset), x[row + c]);
      }
      squares += own_squares;
      products += own_products;
    }
    let r = inverseSqrt(squares / f32(p.C) + p.eps);
    let mean = products * r / f32(p.C) * r;
    for (var c = 0u; c < width; c++) {
      dx[row + c] = gradient_of_x(row + c, weight[c] + p.weight_offset, r, mean);
    }
  }
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return dx[index];
}

// For parts (matrix products that share a dispatch) side by side in the columns of the grid, with columns in the order of
// lib/right_begin_part_halves.wgsl. In the first two parts, queries and keys, each head's pairs are rotated by their token's angles (RoPE);
// the third part stays unchanged.
// The kernel binds turns (N, D), row n = [cos (D/2) | sin (D/2)], and the results, (N, M_i), as y. It defines start_of(part), the index
// at which a part begins in y. D: a multiple of 8
fn finish(n: u32, column: u32, block: mat4x4f) {
  let part = part_of(column);
  let own = column - first_column(part);
  if (own < size_of(part)) {
    let count = min(4u, rows() - min(n, rows()));
    for (var i = 0u; i < count; i++) {
      put_turned(n + i, part, own / 2u, one_of(block[0], block[1], block[2], block[3], i));
    }
  }
}

// Rotates and writes two pairs. `values` are the lower elements of both pairs, then their upper elements.
fn put_turned(n: u32, part: u32, pair: u32, values: vec4f) {
  let half = p.D / 2u;
  let angle = (n * p.D + pair % half) / 2u;
  var cos = turns[angle];
  var sin = turns[angle + half / 2u];
  if (part == 2u) {
    cos = vec2f(1.0);
    sin = vec2f();
  }
  let at = (start_of(part) + n * size_of(part) + line_of(part, pair)) / 2u;
  y[at] = values.xy * cos - values.zw * sin;
  y[at + half / 2u] = values.zw * cos + values.xy * sin;
}

fn finish_tile(group: vec3u, thread: u32) {}

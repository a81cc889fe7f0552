// The products y · dy of queries. The pass for queries computes them before it reads them.

// The offset of the workgroup's copy of y · dy: in the pass for queries the copy of its own columns, in the pass for keys the first copy.
var<private> products_begin: u32;

fn choose_products(part: u32) {
  products_begin = p.at_products + select(part, 0u, of_keys()) * (p.B * p.H * p.T);
}

fn put_product(batch: u32, head: u32, query: u32) {
  let row = ((batch * p.T + query) * p.H + head) * p.D;
  var total = 0.0;
  for (var c = row; c < row + p.D; c += 4u) {
    total += dot(vec4f(saved[c], saved[c + 1u], saved[c + 2u], saved[c + 3u]), x_values4(c));
  }
  saved[products_begin + (batch * p.H + head) * p.T + query] = total;
}

// Writes y · dy of four queries, in kernels whose threads don't share queries.
fn put_four_products(batch: u32, head: u32, query: u32) {
  choose_products(0u);
  if (!of_keys()) {
    for (var n = query; n < min(query + 4u, p.T); n++) {
      put_product(batch, head, n);
    }
  }
}

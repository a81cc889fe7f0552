// scale_columns_backward: dl[c] += Σ_n dy[n,c] · x[n,c], and, if has_dx, in the same pass dx[n,c] = l[c] · dy[n,c], plus sum[n,c] if has_sum
// x, dy, sum, dx: (N, C)   pool: numbers, with the vector l at vector_at   grads: arranged like the pool
// grid: see lib/columns_*.wgsl
// with lib/columns_workgroup.wgsl, or lib/columns_serial.wgsl and lib/flat_index.wgsl
struct Params { N: u32, C: u32, vector_at: u32, has_dx: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> pool: array<f32>;
@group(0) @binding(4) var<storage, read> sum: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> grads: array<f32>;

alias Term = f32;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.C;
}

// Returns an element's term of the sum, and writes its dx. Called once for each element.
fn term(n: u32, c: u32) -> Term {
  let at = n * p.C + c;
  let gradient = dy[at];
  if (p.has_sum != 0u) {
    dx[at] = sum[at] + pool[p.vector_at + c] * gradient;
  } else if (p.has_dx != 0u) {
    dx[at] = pool[p.vector_at + c] * gradient;
  }
  return gradient * x[at];
}

fn finish(c: u32, total: Term) {
  grads[p.vector_at + c] += total;
}

// column_sum: sums[c] += Σ_n x[n,c], the gradient of what was added to every row
// x: (N, C)   sums: (C)
// grid: see lib/columns_*.wgsl
// with lib/columns_workgroup.wgsl, or lib/columns_serial.wgsl and lib/flat_index.wgsl
struct Params { N: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

alias Term = f32;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.C;
}

fn term(n: u32, c: u32) -> Term {
  return x[n * p.C + c];
}

fn finish(c: u32, total: Term) {
  sums[c] += total;
}

// layer_norm_weight_backward: dweight[c] += Σ_n dy[n,c] · x̂[n,c],  dbias[c] += Σ_n dy[n,c],
//   x̂[n,c] = (x[n,c] − mean[n]) · rstd[n]
// x, dy: (N, C)   mean, rstd: (N)   dweight, dbias: (C)
// grid: see lib/columns_*.wgsl
// with lib/columns_workgroup.wgsl, or lib/columns_serial.wgsl and lib/flat_index.wgsl
struct Params { N: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbias: array<f32>;

alias Term = vec2f; // the terms of dweight and of dbias

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.C;
}

fn term(n: u32, c: u32) -> Term {
  let at = n * p.C + c;
  return dy[at] * vec2f((x[at] - mean[n]) * rstd[n], 1.0);
}

fn finish(c: u32, total: Term) {
  dweight[c] += total.x;
  dbias[c] += total.y;
}

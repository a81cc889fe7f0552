// short_conv_weight_backward: dweight[k] += Σ_n (dy ⊙ c)[n] ⊙ u[n − K + 1 + k], u = b ⊙ x, over the tokens that n sees
// bcx: (N, 3·C/K)   spans: as in short_conv   dy: (N, C/K)   dweight: (K, C/K), C elements in all
// grid: see lib/columns_*.wgsl
// with lib/columns_workgroup.wgsl, or lib/columns_serial.wgsl and lib/flat_index.wgsl
struct Params { N: u32, T: u32, C: u32, K: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bcx: array<f32>;
@group(0) @binding(2) var<storage, read> spans: array<vec2u>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>;

alias Term = f32;

fn rows() -> u32 {
  return p.N;
}

fn columns() -> u32 {
  return p.C;
}

fn term(n: u32, at: u32) -> Term {
  let width = p.C / p.K;
  let t = n % p.T;
  let back = p.K - 1u - at / width;
  if (back > t || spans[n].y == 0u || t >= spans[n - back].y) {
    return 0.0;
  }
  let c = at % width;
  let row = 3u * (n - back) * width + c;
  return dy[n * width + c] * bcx[(3u * n + 1u) * width + c] * bcx[row] * bcx[row + 2u * width];
}

fn finish(at: u32, total: Term) {
  dweight[at] += total;
}

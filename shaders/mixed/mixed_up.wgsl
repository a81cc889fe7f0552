// mixed_up: w[n,m] = Σ_j v[n,j] · B[m,j]     z[n,m] = l[m] · w[n,m] + y[n,m], with l of token n's adapter
// v: (N, R)   B: (≥ M, R)   w, y, z: (N, M)
// table: (adapters, stride), a row of trained values per adapter, each with l at vector_at
// which: (N / T), the adapter of each batch row of T tokens
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, neighbours, square, block, one_part, operands_of_up, one_range, whole_range}.wgsl
// and lib/{result_*, factor_*, left_rows, left_*, right_rows, right_*}.wgsl
struct Params { N: u32, M: u32, R: u32, T: u32, vector_at: u32, stride: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> v: array<LeftWord>;
@group(0) @binding(2) var<storage, read> B: array<RightWord>;
@group(0) @binding(3) var<storage, read> y: array<Result>;
@group(0) @binding(4) var<storage, read> table: array<vec4f>;
@group(0) @binding(5) var<storage, read> which: array<u32>;
@group(0) @binding(6) var<storage, read_write> w: array<Result>;
@group(0) @binding(7) var<storage, read_write> z: array<Result>;

fn left_word(part: u32, index: u32) -> LeftWord {
  return v[index];
}

fn factor4(n: u32, m: u32) -> vec4f {
  return table[(which[n / p.T] * p.stride + p.vector_at + m) >> 2u];
}

fn finish(n: u32, m: u32, block: mat4x4f) {
  put_block(n, m, block);
}

fn put(at: u32, value: Result) {
  w[at] = value;
  z[at] = factor(at) * value + y[at];
}

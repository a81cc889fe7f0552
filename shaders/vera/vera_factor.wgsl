// vera_factor: factor[m,j] = λ_b[m] · B[m,j] · λ_d[j]
// B: (≥ M, R)   lambda: the trained vectors, with λ_b at lambda_b and λ_d at lambda_d   factor: (M, R)
// grid: one thread per element of factor, folded into x and y
// with lib/flat_index.wgsl
struct Params { M: u32, R: u32, lambda_b: u32, lambda_d: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read> lambda: array<f32>;
@group(0) @binding(3) var<storage, read_write> factor: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at < p.M * p.R) {
    factor[at] = lambda[p.lambda_b + at / p.R] * B[at] * lambda[p.lambda_d + at % p.R];
  }
}

// vera_lambda_reduce: adds up the tiles' sums in order and adds them to the gathered gradients:
//   grads[offset_b + m] += Σ_t partial_b[t,m]     grads[offset_d + j] += Σ_t partial_d[t,j]
// partial_b: (tiles_b, M)   partial_d: (tiles_d, R)   grads: laid out as the pool
// grid: flat over M + R elements
// with lib/flat_index.wgsl
struct Params { M: u32, R: u32, tiles_b: u32, tiles_d: u32, offset_b: u32, offset_d: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial_b: array<f32>;
@group(0) @binding(2) var<storage, read> partial_d: array<f32>;
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  var total = 0.0;
  if (element < p.M) {
    for (var tile = 0u; tile < p.tiles_b; tile++) {
      total += partial_b[tile * p.M + element];
    }
    grads[p.offset_b + element] += total;
  } else if (element < p.M + p.R) {
    let j = element - p.M;
    for (var tile = 0u; tile < p.tiles_d; tile++) {
      total += partial_d[tile * p.R + j];
    }
    grads[p.offset_d + j] += total;
  }
}

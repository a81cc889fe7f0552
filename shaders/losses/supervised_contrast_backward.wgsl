// supervised_contrast_backward: dz[i] = Σ_j (pairs[i,j] + pairs[j,i]) · z[j]
// z, dz: (B, F)   pairs: (B, B), from supervised_contrast
// grid: one thread per element of dz; folded into x and y
// with lib/flat_index.wgsl
struct Params { B: u32, F: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<f32>;
@group(0) @binding(3) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.B * p.F) {
    return;
  }
  let i = at / p.F;
  let f = at % p.F;
  var sum = 0.0;
  for (var j = 0u; j < p.B; j++) {
    sum += (pairs[i * p.B + j] + pairs[j * p.B + i]) * z[j * p.F + f];
  }
  dz[at] = sum;
}

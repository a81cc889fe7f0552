// max_rows: y[b, k·C + c] = max_t x[b·T + t, c] over the t whose weights[k, b·T + t] isn't 0, for one k
// x: (B·T, C)   weights: (K, B·T)   y: (B, K·C), whose other columns are unchanged
// at: (B, C), the first t that has the maximum, read again by the backward kernel; 0 where no weight counts
// grid: one thread per element of (B, C), folded into x and y
// with lib/flat_index.wgsl
struct Params { B: u32, T: u32, C: u32, K: u32, k: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> at: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.B * p.C) {
    return;
  }
  let b = element / p.C;
  let c = element % p.C;
  let row = b * p.T;
  let first = p.k * p.B * p.T + row;
  var largest = 0.0;
  var place = p.T;
  for (var t = 0u; t < p.T; t++) {
    let value = x[(row + t) * p.C + c];
    if (weights[first + t] != 0.0 && (place == p.T || value > largest)) {
      largest = value;
      place = t;
    }
  }
  y[(b * p.K + p.k) * p.C + c] = largest;
  at[element] = f32(place % p.T);
}

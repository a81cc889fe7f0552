// prepend_row: y[b·(T + 1)] = row, y[b·(T + 1) + 1 + t] = x[b·T + t]
// x: (B·T, C)   row: (C)   y: (B·(T + 1), C)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { B: u32, T: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> row: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element >= p.B * (p.T + 1u) * p.C) {
    return;
  }
  let n = element / p.C;
  if (n % (p.T + 1u) == 0u) {
    y[element] = row[element % p.C];
  } else {
    // Before this element, y has the prepended rows of its own batch row and of all earlier ones.
    y[element] = x[element - (n / (p.T + 1u) + 1u) * p.C];
  }
}

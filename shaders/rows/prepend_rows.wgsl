// prepend_rows: y[b·(R + T) + r] = rows[r], y[b·(R + T) + R + t] = x[b·T + t]
// x: (B·T, C)   rows: (R, C)   y: (B·(R + T), C)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { B: u32, T: u32, C: u32, R: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  let part = (p.R + p.T) * p.C;
  if (element >= p.B * part) {
    return;
  }
  let prepended = p.R * p.C;
  let within = element % part;
  if (within < prepended) {
    y[element] = rows[within];
  } else {
    // Subtracts the sizes of all prepended rows that y has before this element: those of its own part and of all earlier parts.
    y[element] = x[element - (element / part + 1u) * prepended];
  }
}

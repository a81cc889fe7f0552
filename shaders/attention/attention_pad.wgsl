// attention_pad: copies rows into rows of another length: y[r,c] = x[r,c] where c < from, fill where c = from, else 0
// x: (rows, from)   y: (rows, to)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { rows: u32, from_columns: u32, to_columns: u32, fill: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.rows * p.to_columns) {
    return;
  }
  let c = at % p.to_columns;
  var value = select(0.0, p.fill, c == p.from_columns);
  if (c < p.from_columns) {
    value = x[at / p.to_columns * p.from_columns + c];
  }
  y[at] = value;
}

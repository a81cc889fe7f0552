// alibi_keys: copies keys, appends a column with the bias of each key's position, and fills the other columns with zeros:
//   y[n,h,c] = k[n,h,c] where c < from, table[positions[n],h] where c = from, else 0
// k: (N, H·from)   y: (N, H·to)   table: (P, H)   positions: (N)
// grid: one thread per element of y, folded into x and y
// with lib/flat_index.wgsl
struct Params { N: u32, H: u32, from_columns: u32, to_columns: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.N * p.H * p.to_columns) {
    return;
  }
  let row = at / p.to_columns;
  let c = at % p.to_columns;
  var value = 0.0;
  if (c < p.from_columns) {
    value = k[row * p.from_columns + c];
  } else if (c == p.from_columns) {
    value = table[positions[row / p.H] * p.H + row % p.H];
  }
  y[at] = value;
}

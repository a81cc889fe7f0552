// scatter_rows: x[rows[start + i],c] = y[i,c] for start + i < labelled; the other rows of x are unchanged
// y: (count, C)   rows: (≥ start + count), all different up to `labelled`   x: (N, C)
// grid: one thread per element of y, folded into x and y
// with lib/step_block.wgsl, lib/flat_index.wgsl
struct Params { start: u32, count: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> block: StepBlock;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  let row = p.start + element / p.C;
  // In `rows`, entries from `labelled` on are padding and have the value 0, which would be a valid row.
  if (element >= p.count * p.C || row >= block.labelled) {
    return;
  }
  x[rows[row] * p.C + element % p.C] = y[element];
}

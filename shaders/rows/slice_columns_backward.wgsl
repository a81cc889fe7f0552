// slice_columns_backward: dx[n,c] = sum[n,c] + dy[n, c − start] where start ≤ c < start + count, else sum[n,c]
// dy: (N, count)   dx: (N, C)   C, start and count are multiples of the word's width
// sum: (N, C), the gradient from other uses of x; 0 when has_sum is 0
// grid: one thread per word of dx, folded into x and y
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, start: u32, count: u32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<Word>;
@group(0) @binding(2) var<storage, read> sum: array<Word>;
@group(0) @binding(3) var<storage, read_write> dx: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = p.C / WIDTH;
  let count = p.count / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.N * columns) {
    return;
  }
  // Columns before the slice wrap around to large numbers.
  let j = at % columns - p.start / WIDTH;
  var total = Word();
  if (p.has_sum != 0u) {
    total = sum[at];
  }
  if (j < count) {
    total += dy[at / columns * count + j];
  }
  dx[at] = total;
}

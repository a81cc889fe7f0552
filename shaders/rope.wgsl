// rope: turns the pairs (x[j], x[j + D/2]) of every head by the angle of their position; backwards for the gradient:
//   y[j] = sum[j] + x[j] · cos − x[j + D/2] · s,   y[j + D/2] = sum[j + D/2] + x[j + D/2] · cos + x[j] · s,
//   s = direction · sin
// x, y, sum: (N, C), C = heads · D   table: (P, D), row p = [cos (D/2) | sin (D/2)]   positions: (N)
// sum: left out when has_sum is 0
// grid: one thread per word of pairs, folded into x and y
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, D: u32, direction: f32, has_sum: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> table: array<Word>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> sum: array<Word>;
@group(0) @binding(5) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let half = p.D / 2u / WIDTH;
  let pairs = p.C / 2u / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.N * pairs) {
    return;
  }
  let n = at / pairs;
  let j = at % half;
  let lower = n * 2u * pairs + at % pairs / half * 2u * half + j;
  let upper = lower + half;
  let angle = positions[n] * 2u * half + j;
  let c = table[angle];
  let s = p.direction * table[angle + half];
  let own_lower = x[lower] * c - x[upper] * s;
  let own_upper = x[upper] * c + x[lower] * s;
  y[lower] = select(own_lower, own_lower + sum[lower], p.has_sum != 0u);
  y[upper] = select(own_upper, own_upper + sum[upper], p.has_sum != 0u);
}

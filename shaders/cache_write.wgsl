// cache_write: cache[b,positions[n],w] = x[n,w] for token n of row b = n / T; positions beyond the cache are left out
// x: (B·T, W)   positions: (B·T)   cache: (B, S, W)
// grid: one thread per word of x, folded into x and y
// with lib/{word_vec4, word_scalar, flat_index}.wgsl
struct Params { B: u32, T: u32, S: u32, W: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read_write> cache: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let width = p.W / WIDTH;
  let at = flat_index(id, groups);
  let n = at / width;
  if (n >= p.B * p.T) {
    return;
  }
  let position = positions[n];
  if (position < p.S) {
    cache[(n / p.T * p.S + position) * width + at % width] = x[at];
  }
}

// cache_write: k_cache[b, positions[n] mod S, w] = k[n,w] for token n of batch row b = n / T, and likewise v_cache from v.
// Skips tokens at positions after last[b], and those S or more before it, whose entries later tokens would overwrite.
// k, v: (B·T, W)   positions: (B·T)   last: (B)   k_cache, v_cache: (B, S, W)
// grid: one thread per word of k, folded into x and y
// with lib/{word_vec4, word_scalar, flat_index}.wgsl
struct Params { B: u32, T: u32, S: u32, W: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> k: array<Word>;
@group(0) @binding(2) var<storage, read> v: array<Word>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> last: array<u32>;
@group(0) @binding(5) var<storage, read_write> k_cache: array<Word>;
@group(0) @binding(6) var<storage, read_write> v_cache: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let width = p.W / WIDTH;
  let at = flat_index(id, groups);
  let n = at / width;
  if (n >= p.B * p.T) {
    return;
  }
  let row = n / p.T;
  let position = positions[n];
  // For positions after the last one, the difference wraps around to a large number.
  if (last[row] - position < p.S) {
    let to = (row * p.S + position % p.S) * width + at % width;
    k_cache[to] = k[at];
    v_cache[to] = v[at];
  }
}

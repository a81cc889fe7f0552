// short_conv: y[n] = c[n] ⊙ Σ_k weight[k] ⊙ u[n − K + 1 + k] with u = b ⊙ x, over the tokens that n sees
// bcx: (N, 3·C), the rows b, c and x of each token   weight: (K, C)   y: (N, C), N a multiple of T
// spans: (N), for each token the positions at which its document begins and at which it ends
// Padding, whose spans end at 0, sees no token, so its y is 0.
// grid: one thread per word of y, folded into x and y
// with lib/{word_vec4, word_scalar, convolved, flat_index}.wgsl
struct Params { N: u32, T: u32, C: u32, K: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bcx: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read> spans: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let width = p.C / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.N * width) {
    return;
  }
  let n = at / width;
  let c = at % width;
  y[at] = bcx[(3u * n + 1u) * width + c] * convolved(n, c);
}

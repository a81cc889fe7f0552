// short_conv_backward: the gradients of b, c and x from dy, the gradient of c ⊙ convolved(u), u = b ⊙ x:
//   dc[n] = dy[n] ⊙ convolved(u)[n],   du[n] = Σ_k weight[k] ⊙ (dy ⊙ c)[n + K − 1 − k],   db = du ⊙ x,   dx = du ⊙ b
// bcx, dbcx: (N, 3·C)   weight: (K, C)   spans: as in short_conv   dy: (N, C)
// grid: one thread per word of dy, folded into x and y
// with lib/{word_vec4, word_scalar, convolved, flat_index}.wgsl
struct Params { N: u32, T: u32, C: u32, K: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bcx: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read> spans: array<vec2u>;
@group(0) @binding(4) var<storage, read> dy: array<Word>;
@group(0) @binding(5) var<storage, read_write> dbcx: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let width = p.C / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.N * width) {
    return;
  }
  let n = at / width;
  let c = at % width;
  let t = n % p.T;
  var du = Word();
  for (var ahead = 0u; ahead < p.K && t + ahead < spans[n].y; ahead++) {
    let m = n + ahead;
    if (spans[m].y > 0u) {
      du += weight[(p.K - 1u - ahead) * width + c] * dy[m * width + c] * bcx[(3u * m + 1u) * width + c];
    }
  }
  let b_at = 3u * n * width + c;
  let x_at = b_at + 2u * width;
  dbcx[b_at] = du * bcx[x_at];
  dbcx[b_at + width] = dy[at] * convolved(n, c);
  dbcx[x_at] = du * bcx[b_at];
}

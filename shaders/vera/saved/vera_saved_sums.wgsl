// vera_saved_sums: over the tokens n of a slice,
//   partial_b[slice, m] = Σ_n dy[n,m] · w[n,m], the gradient of λ_b, and
//   partial_d[slice, j] = Σ_n dv[n,j] · u[n,j], that of λ_d
// dy, w: (N, M)   dv, u: (N, R)   M and R are multiples of the word's width
// partials: partial sums of many layers; those of this layer begin at partial_b (slices, M) and partial_d (slices, R), which are
// multiples of the word's width
// grid: in x a thread per word of λ_b's gradient and of λ_d's, in y a slice
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl
struct Params { N: u32, M: u32, R: u32, partial_b: u32, partial_d: u32, slice: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<Word>;
@group(0) @binding(2) var<storage, read> w: array<Word>;
@group(0) @binding(3) var<storage, read> dv: array<Word>;
@group(0) @binding(4) var<storage, read> u: array<Word>;
@group(0) @binding(5) var<storage, read_write> partials: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let M = p.M / WIDTH;
  let R = p.R / WIDTH;
  let begin = id.y * p.slice;
  let end = min(begin + p.slice, p.N);
  var sum = Word();
  if (id.x < M) {
    for (var n = begin; n < end; n++) {
      let at = n * M + id.x;
      sum += dy[at] * w[at];
    }
    partials[p.partial_b / WIDTH + id.y * M + id.x] = sum;
  } else if (id.x < M + R) {
    let j = id.x - M;
    for (var n = begin; n < end; n++) {
      let at = n * R + j;
      sum += dv[at] * u[at];
    }
    partials[p.partial_d / WIDTH + id.y * R + j] = sum;
  }
}

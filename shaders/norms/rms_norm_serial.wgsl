// rms_norm_serial: rms_norm for devices on which barriers are slow. A row's squares are summed into eight
// sums, each over every eighth word, which are then added up in order. rms_norm_words and ../products/lib/norm/ add in the same order, so
// that their results are identical.
// x, y: (N, C)   weight: (C)   rstd: (N), read again by rms_norm_backward
// grid: one thread per row n
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C: u32, eps: f32, weight_offset: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read_write> y: array<Word>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = flat_index(id, groups);
  if (n >= p.N) {
    return;
  }
  let width = p.C / WIDTH;
  let row = n * width;
  var squares = 0.0;
  for (var lane = 0u; lane < 8u; lane++) {
    var own = 0.0;
    for (var c = lane; c < width; c += 8u) {
      own += word_dot(x[row + c], x[row + c]);
    }
    squares += own;
  }
  let r = inverseSqrt(squares / f32(p.C) + p.eps);
  for (var c = 0u; c < width; c++) {
    y[row + c] = x[row + c] * r * (weight[c] + p.weight_offset);
  }
  rstd[n] = r;
}

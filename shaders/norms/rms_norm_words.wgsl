// rms_norm_words: rms_norm for rows of whole words (vec4f):
//   y[n,c] = x[n,c] · rstd[n] · (weight[c] + weight_offset),  rstd[n] = 1 / √(mean_c(x[n,c]²) + eps)
// Each of eight threads sums the squares of every eighth word, and these sums are added up in order. rms_norm_serial and
// ../products/lib/norm/ add in the same order, so that their results are identical.
// x, y: (N, C)   weight: (C)   rstd: (N), read again by rms_norm_backward
// grid: eight rows per workgroup, eight threads per row
struct Params { N: u32, C: u32, eps: f32, weight_offset: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

const LANES = 8u;
const ROWS = 8u;
var<workgroup> sums_of_lanes: array<array<f32, LANES>, ROWS>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let lane = thread % LANES;
  let own = thread / LANES;
  // Threads past the last row compute the last row again, but write nothing.
  let n = min(group.x * ROWS + own, p.N - 1u);
  let width = p.C >> 2u;
  let row = n * width;
  sums_of_lanes[own][lane] = squares_of(row, lane, width);
  workgroupBarrier();
  var squares = 0.0;
  for (var i = 0u; i < LANES; i++) {
    squares += sums_of_lanes[own][i];
  }
  let r = inverseSqrt(squares / f32(p.C) + p.eps);
  if (group.x * ROWS + own < p.N) {
    for (var c = lane; c < width; c += LANES) {
      y[row + c] = x[row + c] * r * (weight[c] + p.weight_offset);
    }
    if (lane == 0u) {
      rstd[n] = r;
    }
  }
}

// The sum over every eighth word from `lane` on. Four words are read at a time, so that a thread doesn't wait for each.
fn squares_of(row: u32, lane: u32, width: u32) -> f32 {
  let whole = width - width % (4u * LANES);
  var squares = 0.0;
  for (var c = lane; c < whole; c += 4u * LANES) {
    let word0 = x[row + c];
    let word1 = x[row + c + LANES];
    let word2 = x[row + c + 2u * LANES];
    let word3 = x[row + c + 3u * LANES];
    squares += dot(word0, word0);
    squares += dot(word1, word1);
    squares += dot(word2, word2);
    squares += dot(word3, word3);
  }
  for (var c = whole + lane; c < width; c += LANES) {
    squares += dot(x[row + c], x[row + c]);
  }
  return squares;
}

// mixed_scales_backward: over the tokens n of a slice of a batch row, with two or three vectors l_i of that row's adapter:
//   partials[partial_i + slice · C + c] = Σ_n dy_i[n,c] · x[n,c], the slice's part of the gradient of l_i
//   dx[n,c] = Σ_i l_i[c] · dy_i[n,c], if has_dx
// x, dy_i, dx: (N, C); dy2 isn't read when results is 2
// table: (adapters, stride), a row of trained values per adapter, each with l_i at vector_at_i
// which: (N / T), the adapter of each batch row of T tokens
// partials: partial sums of many vectors; those of l_i begin at `partial_i`: (N / T · ⌈T / slice⌉, C)
// grid: in x a thread per word of a row, in y a slice
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl
struct Params {
  N: u32,
  C: u32,
  T: u32,
  vector_at0: u32,
  vector_at1: u32,
  vector_at2: u32,
  stride: u32,
  partial0: u32,
  partial1: u32,
  partial2: u32,
  slice: u32,
  results: u32,
  has_dx: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> dy0: array<Word>;
@group(0) @binding(3) var<storage, read> dy1: array<Word>;
@group(0) @binding(4) var<storage, read> dy2: array<Word>;
@group(0) @binding(5) var<storage, read> table: array<Word>;
@group(0) @binding(6) var<storage, read> which: array<u32>;
@group(0) @binding(7) var<storage, read_write> dx: array<Word>;
@group(0) @binding(8) var<storage, read_write> partials: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let line = p.C / WIDTH;
  if (id.x >= line) {
    return;
  }
  let slices = (p.T + p.slice - 1u) / p.slice;
  let row = id.y / slices;
  let first = row * p.T + id.y % slices * p.slice;
  let end = min(first + p.slice, (row + 1u) * p.T);
  let pool = which[row] * p.stride;
  let scale0 = table[(pool + p.vector_at0) / WIDTH + id.x];
  let scale1 = table[(pool + p.vector_at1) / WIDTH + id.x];
  let scale2 = table[(pool + p.vector_at2) / WIDTH + id.x];
  var total0 = Word();
  var total1 = Word();
  var total2 = Word();
  for (var n = first; n < end; n++) {
    let at = n * line + id.x;
    let value = x[at];
    let gradient0 = dy0[at];
    let gradient1 = dy1[at];
    var sum = scale0 * gradient0 + scale1 * gradient1;
    total0 += gradient0 * value;
    total1 += gradient1 * value;
    if (p.results > 2u) {
      let gradient2 = dy2[at];
      sum += scale2 * gradient2;
      total2 += gradient2 * value;
    }
    if (p.has_dx != 0u) {
      dx[at] = sum;
    }
  }
  let own = id.y * line + id.x;
  partials[p.partial0 / WIDTH + own] = total0;
  partials[p.partial1 / WIDTH + own] = total1;
  if (p.results > 2u) {
    partials[p.partial2 / WIDTH + own] = total2;
  }
}

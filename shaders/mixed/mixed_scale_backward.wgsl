// mixed_scale_backward: over the tokens n of a slice of a batch row, where l is the scaling vector of that row's adapter:
//   partials[partial + slice · C + c] = Σ_n dy[n,c] · x[n,c], the slice's part of the gradient of l
//   dx[n,c] = l[c] · dy[n,c], plus sum[n,c] if has_sum; dx only if has_dx
// x, dy, sum, dx: (N, C)   table: (adapters, stride), a row of trained values per adapter, each with l at vector_at
// which: (N / T), the adapter of each batch row of T tokens
// partials: partial sums of many vectors; those of this vector begin at `partial`: (N / T · ⌈T / slice⌉, C)
// grid: x has a thread per word of a row, y a workgroup per slice
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl
struct Params {
  N: u32,
  C: u32,
  T: u32,
  vector_at: u32,
  stride: u32,
  partial: u32,
  slice: u32,
  has_dx: u32,
  has_sum: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> dy: array<Word>;
@group(0) @binding(3) var<storage, read> table: array<Word>;
@group(0) @binding(4) var<storage, read> which: array<u32>;
@group(0) @binding(5) var<storage, read> sum: array<Word>;
@group(0) @binding(6) var<storage, read_write> dx: array<Word>;
@group(0) @binding(7) var<storage, read_write> partials: array<Word>;

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
  let scale = table[(which[row] * p.stride + p.vector_at) / WIDTH + id.x];
  var total = Word();
  for (var n = first; n < end; n++) {
    let at = n * line + id.x;
    let gradient = dy[at];
    total += gradient * x[at];
    if (p.has_dx != 0u) {
      var value = scale * gradient;
      if (p.has_sum != 0u) {
        value += sum[at];
      }
      dx[at] = value;
    }
  }
  partials[p.partial / WIDTH + id.y * line + id.x] = total;
}

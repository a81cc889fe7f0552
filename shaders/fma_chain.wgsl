// fma_chain: applies v = a · v + b to each element of x, 4 · `rounds` times, and stores the result in y; copies x if `rounds` is 0.
// A benchmark: it measures how many multiply-adds and reads a GPU does per second
// x, y: 16 · `threads` elements, four at a time; a thread takes four from each quarter, so that
// neighbouring threads read neighbouring words
// grid: one thread per 16 elements, folded into x and y
// with lib/flat_index.wgsl
struct Params { threads: u32, rounds: u32, a: f32, b: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.threads) {
    return;
  }
  let a = vec4f(p.a);
  let b = vec4f(p.b);
  // Four independent chains, because the result of a multiply-add is available only after some cycles.
  var v0 = x[at];
  var v1 = x[at + p.threads];
  var v2 = x[at + 2u * p.threads];
  var v3 = x[at + 3u * p.threads];
  for (var round = 0u; round < p.rounds; round++) {
    v0 = fma(v0, a, b);
    v1 = fma(v1, a, b);
    v2 = fma(v2, a, b);
    v3 = fma(v3, a, b);
    v0 = fma(v0, a, b);
    v1 = fma(v1, a, b);
    v2 = fma(v2, a, b);
    v3 = fma(v3, a, b);
    v0 = fma(v0, a, b);
    v1 = fma(v1, a, b);
    v2 = fma(v2, a, b);
    v3 = fma(v3, a, b);
    v0 = fma(v0, a, b);
    v1 = fma(v1, a, b);
    v2 = fma(v2, a, b);
    v3 = fma(v3, a, b);
  }
  y[at] = v0;
  y[at + p.threads] = v1;
  y[at + 2u * p.threads] = v2;
  y[at + 3u * p.threads] = v3;
}

// attention_stats: the numbers of each query that the gradient needs: stats[b,h,t] = (L[b,h,t], y · dy)
// y, dy: (B·T, H·D)   L: (B, H, T)   stats: (B, H, T, 2)   D: a multiple of 4
// grid: one thread per query and head, folded into x and y
// with lib/flat_index.wgsl
struct Params { B: u32, T: u32, H: u32, D: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read> L: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at >= p.B * p.H * p.T) {
    return;
  }
  let head = at / p.T % p.H;
  let token = at / p.T / p.H * p.T + at % p.T;
  let width = p.D / 4u;
  let row = (token * p.H + head) * width;
  var total = 0.0;
  for (var c = 0u; c < width; c++) {
    total += dot(y[row + c], dy[row + c]);
  }
  stats[at] = vec2f(L[at], total);
}

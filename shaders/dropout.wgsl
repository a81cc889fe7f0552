// dropout: y[i] = scale · x[i] where element i's random word exceeds last_dropped, 0 elsewhere; plus sum[i]
// The words are Philox's for the counter (i / 4, module, step, stream): forward and backward draw the same words and store none.
// x, sum, y: `size` elements, four at a time; no sum when has_sum is 0; the last four may reach into the padding
// grid: one thread per four elements, folded into x and y
// with lib/flat_index.wgsl, lib/philox.wgsl, lib/step_block.wgsl
struct Params {
  size: u32,
  module_index: u32,
  first_stream: u32, // the stream of micro-step 0
  seed_low: u32,
  seed_high: u32,
  last_dropped: u32,
  scale: f32,        // 1 / (1 − p)
  has_sum: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> block: StepBlock;
@group(0) @binding(3) var<storage, read> sum: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  if (at * 4u >= p.size) {
    return;
  }
  let counter = vec4u(at, p.module_index, block.step, p.first_stream + block.micro_step);
  let words = philox4x32(counter, vec2u(p.seed_low, p.seed_high));
  let kept = select(vec4f(), p.scale * x[at], words > vec4u(p.last_dropped));
  y[at] = kept + select(vec4f(), sum[at], p.has_sum != 0u);
}

// short_conv_decode: y[b] = c[b] ⊙ (Σ_s weight[s] ⊙ state[b,s] + weight[S] ⊙ u[b]), u = b ⊙ x, for the next token of each row
// Afterwards, state ends with u: each of its vectors moves one place towards the first, which is dropped.
// bcx: (B, 3·C)   weight: (S + 1, C)   state: (B, S, C)   y: (B, C)
// grid: one thread per word of y, folded into x and y
// with lib/{word_vec4, word_scalar, flat_index}.wgsl
struct Params { B: u32, S: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bcx: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read_write> state: array<Word>;
@group(0) @binding(4) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let width = p.C / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.B * width) {
    return;
  }
  let row = at / width;
  let c = at % width;
  let first = row * p.S * width + c;
  let b_at = 3u * row * width + c;
  let u = bcx[b_at] * bcx[b_at + 2u * width];
  var total = Word();
  for (var s = 0u; s < p.S; s++) {
    let held = first + s * width;
    total += weight[s * width + c] * state[held];
    if (s > 0u) {
      state[held - width] = state[held];
    }
  }
  if (p.S > 0u) {
    state[first + (p.S - 1u) * width] = u;
  }
  y[at] = bcx[b_at + width] * (total + weight[p.S * width + c] * u);
}

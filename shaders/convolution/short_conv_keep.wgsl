// short_conv_keep: state[b,s] = u[n], u = b ⊙ x, for the S last tokens n of each row's text, or 0 before its first token
// bcx: (B·T, 3·C)   last: (B), the position of each text's last token   state: (B, S, C)
// grid: one thread per word of state, folded into x and y
// with lib/{word_vec4, word_scalar, flat_index}.wgsl
struct Params { B: u32, T: u32, S: u32, C: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bcx: array<Word>;
@group(0) @binding(2) var<storage, read> last: array<u32>;
@group(0) @binding(3) var<storage, read_write> state: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let width = p.C / WIDTH;
  let at = flat_index(id, groups);
  if (at >= p.B * p.S * width) {
    return;
  }
  let row = at / width / p.S;
  let back = p.S - 1u - at / width % p.S;
  var kept = Word();
  if (back <= last[row]) {
    let b_at = 3u * (row * p.T + last[row] - back) * width + at % width;
    kept = bcx[b_at] * bcx[b_at + 2u * width];
  }
  state[at] = kept;
}

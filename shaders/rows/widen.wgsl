// widen: y = matrix, in f32
// matrix, y: (M, K)
// grid: one thread per element of y, folded into x and y
// with lib/{stored_*, right_*, flat_index}.wgsl
struct Params { M: u32, K: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> matrix: array<RightWord>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = flat_index(id, groups);
  if (element < p.M * p.K) {
    y[element] = stored(element / p.K, element % p.K);
  }
}

fn right_stride(part: u32) -> u32 {
  return p.K;
}

fn right_word(part: u32, index: u32) -> RightWord {
  return matrix[index];
}

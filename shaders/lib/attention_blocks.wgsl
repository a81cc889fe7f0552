// Blocks of four rows by four columns of what attention and its gradients read.
fn q_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(q[rows.x + c], q[rows.y + c], q[rows.z + c], q[rows.w + c]);
}

fn k_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(k[rows.x + c], k[rows.y + c], k[rows.z + c], k[rows.w + c]);
}

fn v_block(rows: vec4u, c: u32) -> mat4x4f {
  return mat4x4f(v[rows.x + c], v[rows.y + c], v[rows.z + c], v[rows.w + c]);
}

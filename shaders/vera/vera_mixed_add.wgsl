// vera_mixed_add: z[n,m] = y[n,m] + λ_b[m] · Σ_j v[n,j] · B[m,j], with λ_b of token n's adapter
// z[n,m] = y[n,m] if that adapter doesn't wrap this module
// v: (N, R), from vera_mixed_scale   B: (≥ M, R)   y, z: (N, M)
// table: the adapters' vectors   which: (N / T), the adapter of each batch row of T tokens
// slots: (modules, adapters), where in the table the adapter's λ_b and λ_d for the module begin
// grid: see lib/tile_*.wgsl
// with lib/{enable_subgroups, tile_*, few_rows, neighbours, square, block, one_part, operands_of_up, one_range, whole_range}.wgsl
// and lib/{result_*, left_rows, left_*, right_rows, right_*, mixed_slot}.wgsl
struct Params { N: u32, M: u32, R: u32, T: u32, module_index: u32, adapters: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> v: array<LeftWord>;
@group(0) @binding(2) var<storage, read> B: array<RightWord>;
@group(0) @binding(3) var<storage, read> y: array<Result>;
@group(0) @binding(4) var<storage, read> table: array<vec4f>;
@group(0) @binding(5) var<storage, read> slots: array<vec2u>;
@group(0) @binding(6) var<storage, read> which: array<u32>;
@group(0) @binding(7) var<storage, read_write> z: array<Result>;

fn left_word(part: u32, index: u32) -> LeftWord {
  return v[index];
}

fn finish(n: u32, m: u32, block: mat4x4f) {
  put_block(n, m, mat4x4f(
    scale_row(n, m, block[0]),
    scale_row(n + 1u, m, block[1]),
    scale_row(n + 2u, m, block[2]),
    scale_row(n + 3u, m, block[3]),
  ));
}

fn scale_row(n: u32, m: u32, values: vec4f) -> vec4f {
  let lambda_b = slot_of(min(n, p.N - 1u)).x;
  if (lambda_b == NONE) {
    return vec4f();
  }
  return values * table[(lambda_b + m) >> 2u];
}

fn put(at: u32, value: Result) {
  z[at] = y[at] + value;
}

// vera_mixed_scale: v[n,j] = λ_d[j] · u[n,j], with λ_d of token n's adapter; 0 if it doesn't wrap this module
// u, v: (N, R)   table: the adapters' vectors   which: (N / T), the adapter of each batch row of T tokens
// slots: (modules, adapters), where in the table the adapter's λ_b and λ_d for the module begin
// grid: one thread per word of v, folded into x and y
// with lib/word_*.wgsl, lib/mixed_slot.wgsl, lib/flat_index.wgsl
struct Params { N: u32, R: u32, T: u32, module_index: u32, adapters: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> u: array<Word>;
@group(0) @binding(2) var<storage, read> table: array<Word>;
@group(0) @binding(3) var<storage, read> slots: array<vec2u>;
@group(0) @binding(4) var<storage, read> which: array<u32>;
@group(0) @binding(5) var<storage, read_write> v: array<Word>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = flat_index(id, groups);
  let line = p.R / WIDTH;
  if (at >= p.N * line) {
    return;
  }
  let lambda_d = slot_of(at / line).y;
  if (lambda_d == NONE) {
    v[at] = Word();
  } else {
    v[at] = table[lambda_d / WIDTH + at % line] * u[at];
  }
}

// rope: rotates the pairs (x[j], x[j + D/2]) of every head of x = q and x = k by the angle of their position; for the gradient,
// it rotates them back:
//   turned[j] = x[j] · cos − x[j + D/2] · s,   turned[j + D/2] = x[j + D/2] · cos + x[j] · s,   s = direction · sin
// q, turned_q: (N, C_q), C = heads · D   k, turned_k: (N, C_k)   C_q or C_k is 0 to rotate only the other
// table: (P, D), row p = [cos (D/2) | sin (D/2)]   positions: (N)
// grid: one thread per word of pairs, folded into x and y
// with lib/word_vec4.wgsl or lib/word_scalar.wgsl, lib/flat_index.wgsl
struct Params { N: u32, C_q: u32, C_k: u32, D: u32, direction: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<Word>;
@group(0) @binding(2) var<storage, read> k: array<Word>;
@group(0) @binding(3) var<storage, read> table: array<Word>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> turned_q: array<Word>;
@group(0) @binding(6) var<storage, read_write> turned_k: array<Word>;

struct Pair { lower: Word, upper: Word }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let half = p.D / 2u / WIDTH;
  let pairs_q = p.C_q / 2u / WIDTH;
  let pairs_k = p.C_k / 2u / WIDTH;
  let pairs = pairs_q + pairs_k;
  let at = flat_index(id, groups);
  if (at >= p.N * pairs) {
    return;
  }
  let n = at / pairs;
  let pair = at % pairs;
  let j = pair % half;
  let angle = positions[n] * 2u * half + j;
  let c = table[angle];
  let s = p.direction * table[angle + half];
  if (pair < pairs_q) {
    let lower = n * 2u * pairs_q + pair / half * 2u * half + j;
    let upper = lower + half;
    let own = turn(Pair(q[lower], q[upper]), c, s);
    turned_q[lower] = own.lower;
    turned_q[upper] = own.upper;
  } else {
    let lower = n * 2u * pairs_k + (pair - pairs_q) / half * 2u * half + j;
    let upper = lower + half;
    let own = turn(Pair(k[lower], k[upper]), c, s);
    turned_k[lower] = own.lower;
    turned_k[upper] = own.upper;
  }
}

fn turn(x: Pair, c: Word, s: Word) -> Pair {
  return Pair(x.lower * c - x.upper * s, x.upper * c + x.lower * s);
}

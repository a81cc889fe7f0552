// embedding_links: links[n] = the next token after n with the row of n, else N; and 2³¹ more if an earlier token has that row
// the row of n: ids[n] + offset; indices from V on count as the last row, as in embedding
// ids, links: (N)
// grid: one thread per n
struct Params { N: u32, V: u32, offset: u32, first_x: u32, first_y: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> links: array<u32>;

fn row_of(n: u32) -> u32 {
  return min(ids[n] + p.offset, p.V - 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let n = group.x * 64u + thread;
  if (n >= p.N) {
    return;
  }
  let row = row_of(n);
  var earlier = 0u;
  while (earlier < n && row_of(earlier) != row) {
    earlier++;
  }
  var next = n + 1u;
  while (next < p.N && row_of(next) != row) {
    next++;
  }
  links[n] = next | select(0u, 0x80000000u, earlier < n);
}

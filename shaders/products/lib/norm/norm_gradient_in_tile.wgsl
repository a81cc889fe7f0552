// The gradient of RMS norm in tiles that stage it as the left operand. Several workgroups have the same rows: each first computes the sums
// over these rows that the gradient needs, and then the gradient itself, block by block as it stages them. It writes the blocks that are in
// its share of dx's columns. So no workgroup waits for another, and each value of dx is written once.
// A row's squares are summed into eight sums, each over every eighth word, which are then added up in order, as in all rms_norm kernels.
const LANES = 8u;
const BLOCKS = SIDE / 4u;
// For each block of four rows, and each of eight threads: the sums of the rows' squares, and those of their products h · x.
var<workgroup> sums_of_rows: array<array<mat2x4f, LANES>, BLOCKS>;
// For each block: rstd of its rows, and mean_c(h · x̂) · rstd.
var<workgroup> factors_of_rows: array<mat2x4f, BLOCKS>;

// The first of the words of dx that this workgroup writes in each row, and the end of these words.
var<private> own_share: vec2u;

fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  sum_rows(group, thread);
  let words = p.C >> 2u;
  let tiles = (columns() + SIDE - 1u) / SIDE;
  own_share = vec2u(words * group.y / tiles, words * (group.y + 1u) / tiles);
  return add_part(0u, before, group, thread);
}

// Every tile has eight lines of at least eight threads. The first eight threads of a line compute the sums of every eighth block. If a line
// has more threads, the others only wait.
fn sum_rows(group: vec3u, thread: vec3u) {
  if (thread.x < LANES) {
    // The number of iterations is a constant, so that compilers unroll the loop.
    for (var i = 0u; i < BLOCKS / 8u; i++) {
      let block = i * 8u + thread.y;
      sums_of_rows[block][thread.x] = sums_of(first_word(group.x * SIDE + block * 4u), thread.x);
    }
  }
  workgroupBarrier();
  let block = thread.x * 8u + thread.y;
  if (block < BLOCKS) {
    var sums = mat2x4f();
    for (var i = 0u; i < LANES; i++) {
      sums += sums_of_rows[block][i];
    }
    let r = inverseSqrt(sums[0] / f32(p.C) + p.eps);
    factors_of_rows[block] = mat2x4f(r, sums[1] * r / f32(p.C) * r);
  }
  workgroupBarrier();
}

// The first word of the four rows from `row` on; beyond the last row, that of the last four rows. N is a multiple of 4.
fn first_word(row: u32) -> u32 {
  return min(row, rows() - 4u) * (p.C >> 2u);
}

// The sums over every eighth word of four rows.
fn sums_of(row: u32, lane: u32) -> mat2x4f {
  let words = p.C >> 2u;
  var sums = mat2x4f();
  for (var word = lane; word < words; word += LANES) {
    let factor = weight[word] + p.weight_offset;
    let at = row + word;
    let block = mat4x4f(x[at], x[at + words], x[at + 2u * words], x[at + 3u * words]);
    sums += mat2x4f(
      dots(block, block),
      dots(
        block,
        mat4x4f(
          scaled_gradient(at, factor),
          scaled_gradient(at + words, factor),
          scaled_gradient(at + 2u * words, factor),
          scaled_gradient(at + 3u * words, factor),
        ),
      ),
    );
  }
  return sums;
}

fn dots(a: mat4x4f, b: mat4x4f) -> vec4f {
  return vec4f(dot(a[0], b[0]), dot(a[1], b[1]), dot(a[2], b[2]), dot(a[3], b[3]));
}

// Returns the first word of four rows, the index of their block, and the range of words that this workgroup writes in them, which is empty
// beyond the last row.
fn left_begin(part: u32, row: u32) -> vec4u {
  return vec4u(first_word(row), row % SIDE / 4u, select(vec2u(), own_share, row < rows()));
}

fn left_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let words = p.C >> 2u;
  let word = k >> 2u;
  let at = begin.x + word;
  let factor = weight[word] + p.weight_offset;
  let of_rows = factors_of_rows[begin.y];
  let block = mat4x4f(
    gradient_of_x(at, factor, of_rows[0].x, of_rows[1].x),
    gradient_of_x(at + words, factor, of_rows[0].y, of_rows[1].y),
    gradient_of_x(at + 2u * words, factor, of_rows[0].z, of_rows[1].z),
    gradient_of_x(at + 3u * words, factor, of_rows[0].w, of_rows[1].w),
  );
  if (word >= begin.z && word < begin.w) {
    dx[at] = block[0];
    dx[at + words] = block[1];
    dx[at + 2u * words] = block[2];
    dx[at + 3u * words] = block[3];
  }
  return block;
}

fn left_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return left_block(part, begin, k);
}

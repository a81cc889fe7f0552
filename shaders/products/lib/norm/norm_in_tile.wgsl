// RMS norm in tiles that stage the left operand. Several workgroups have the same rows: each sums the squares of the blocks that it stages
// anyway, multiplies x by the weight only, and scales its rows of the result u by rstd at the end. Then it writes its share of y's columns.
// So no workgroup waits for another, and each value of y is written once.
// A row's squares are summed into eight sums, each over every eighth word, which are then added up in order. All rms_norm kernels for whole
// words use this order, so that their results are identical.
const SUMS = 8u;
// The number of threads that stage a row's words. Each stages every LANES-th word, and adds its squares to one sum, or to two by turns.
const LANES = 256u / SIDE;
var<workgroup> sums_of_rows: array<array<vec4f, SUMS>, SIDE / 4u>;
var<workgroup> rstd_of_block: array<vec4f, SIDE / 4u>;

// own_row: the first of the four rows that this thread stages.
// own_lane: this thread's index among the threads that stage the same rows; LANES if it stages none.
// own_squares, own_other_squares: sums of squares that this thread adds up. A row's squares are added up in eight sums, and each thread
// has one or two of them.
var<private> own_row: u32;
var<private> own_lane: u32 = LANES;
var<private> own_squares: vec4f;
var<private> own_other_squares: vec4f;

fn left_begin(part: u32, row: u32) -> vec4u {
  own_row = row;
  let last = rows() - 1u;
  return vec4u(
    left_origin(part, min(row, last)),
    left_origin(part, min(row + 1u, last)),
    left_origin(part, min(row + 2u, last)),
    left_origin(part, min(row + 3u, last)),
  );
}

fn left_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  let at = left_place(k);
  let block = mat4x4f(x[begin.x + at], x[begin.y + at], x[begin.z + at], x[begin.w + at]);
  own_lane = at % LANES;
  let is_other = at % SUMS != own_lane;
  own_squares = add_squares(own_squares, block, !is_other);
  own_other_squares = add_squares(own_other_squares, block, is_other);
  return scale_columns(block, weight[at] + p.weight_offset);
}

// Adds the squares of the block to the sums if `counts`, else squares of zeros. There is no branch, so that compilers fuse the same
// multiply-adds as in rms_norm_words.
fn add_squares(sums: vec4f, block: mat4x4f, counts: bool) -> vec4f {
  let word0 = select(vec4f(), block[0], counts);
  let word1 = select(vec4f(), block[1], counts);
  let word2 = select(vec4f(), block[2], counts);
  let word3 = select(vec4f(), block[3], counts);
  return sums + vec4f(dot(word0, word0), dot(word1, word1), dot(word2, word2), dot(word3, word3));
}

fn left_whole_block(part: u32, begin: vec4u, k: u32) -> mat4x4f {
  return left_block(part, begin, k);
}

fn left_word(part: u32, index: u32) -> LeftWord {
  return x[index];
}

fn add_parts(before: Sums, group: vec3u, thread: vec3u) -> Sums {
  let c = add_part(0u, before, group, thread);
  let block = own_row % SIDE / 4u;
  if (own_lane < LANES) {
    sums_of_rows[block][own_lane] = own_squares;
    if (LANES < SUMS) {
      sums_of_rows[block][own_lane + LANES] = own_other_squares;
    }
  }
  workgroupBarrier();
  if (own_lane < LANES) {
    var squares = vec4f();
    for (var i = 0u; i < SUMS; i++) {
      squares += sums_of_rows[block][i];
    }
    let r = inverseSqrt(squares / f32(p.C) + p.eps);
    if (own_lane == 0u) {
      rstd_of_block[block] = r;
    }
    put_normed(group, r);
  }
  workgroupBarrier();
  return c;
}

// Writes y for the thread's four rows, in the workgroup's share of the columns. Workgroups with the first columns also write rstd.
fn put_normed(group: vec3u, r: vec4f) {
  let words = p.C >> 2u;
  let tiles = (columns() + SIDE - 1u) / SIDE;
  let end = words * (group.y + 1u) / tiles;
  if (own_row < rows()) {
    let at = own_row * words;
    for (var word = words * group.y / tiles + own_lane; word < end; word += LANES) {
      let factor = weight[word] + p.weight_offset;
      y[at + word] = x[at + word] * r.x * factor;
      y[at + words + word] = x[at + words + word] * r.y * factor;
      y[at + 2u * words + word] = x[at + 2u * words + word] * r.z * factor;
      y[at + 3u * words + word] = x[at + 3u * words + word] * r.w * factor;
    }
    if (group.y == 0u && own_lane == 0u) {
      rstd[own_row] = r.x;
      rstd[own_row + 1u] = r.y;
      rstd[own_row + 2u] = r.z;
      rstd[own_row + 3u] = r.w;
    }
  }
}

fn finish(n: u32, j: u32, block: mat4x4f) {
  let r = rstd_of_block[n % SIDE / 4u];
  put_block(n, j, mat4x4f(block[0] * r.x, block[1] * r.y, block[2] * r.z, block[3] * r.w));
}

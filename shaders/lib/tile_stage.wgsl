// What a workgroup stages of both operands for a tile in workgroup memory: STEP of K at a time, a line of STAGE_LINE vectors
// for each. The tile says how many there are, and which thread stages what.
var<workgroup> left_stage: array<vec4f, STEP * STAGE_LINE>;
var<workgroup> right_stage: array<vec4f, STEP * STAGE_LINE>;

// One block of each, whose first line is at `at`.
fn stage(at: u32, left: mat4x4f, right: mat4x4f) {
  let columns_of_left = transpose(left);
  left_stage[at] = columns_of_left[0];
  left_stage[at + STAGE_LINE] = columns_of_left[1];
  left_stage[at + 2u * STAGE_LINE] = columns_of_left[2];
  left_stage[at + 3u * STAGE_LINE] = columns_of_left[3];
  right_stage[at] = right[0];
  right_stage[at + STAGE_LINE] = right[1];
  right_stage[at + 2u * STAGE_LINE] = right[2];
  right_stage[at + 3u * STAGE_LINE] = right[3];
}

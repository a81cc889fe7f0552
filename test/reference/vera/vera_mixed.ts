import type { Reference } from '../reference';

const NONE = 0xffffffff;

/** Returns the offsets of λ_b and λ_d in the table for token n, or `NONE` if no adapter changes the module for this token. */
function slotOf(
  { slots, which }: Parameters<Reference>[0],
  { T, module_index, adapters }: Parameters<Reference>[1],
  n: number,
): readonly [b: number, d: number] {
  const adapter = which![Math.floor(n / T!)]!;
  const at = 2 * (module_index! * adapters! + adapter);
  return adapter < adapters! ? [slots![at]!, slots![at + 1]!] : [NONE, NONE];
}

export const vera_mixed_scale: Reference = (b, p) => {
  const { R } = p;
  for (let n = 0; n < p.N!; n++) {
    const [, offset] = slotOf(b, p, n);
    for (let j = 0; j < R!; j++) b.v![n * R! + j] = offset === NONE ? 0 : b.table![offset + j]! * b.u![n * R! + j]!;
  }
};

export const vera_mixed_add: Reference = (b, p) => {
  const { M, R } = p;
  for (let n = 0; n < p.N!; n++) {
    const [offset] = slotOf(b, p, n);
    for (let m = 0; m < M!; m++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += b.v![n * R! + j]! * b.B![m * R! + j]!;
      b.z![n * M! + m] = b.y![n * M! + m]! + (offset === NONE ? 0 : b.table![offset + m]! * low);
    }
  }
};

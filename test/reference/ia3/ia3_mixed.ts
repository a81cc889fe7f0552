import type { Reference } from '../reference';

const NONE = 0xffffffff;

export const ia3_mixed: Reference = (
  { x, table, slots, which, sum, y },
  { N, C, T, module_index, adapters, has_sum },
) => {
  for (let at = 0; at < N! * C!; at++) {
    const adapter = which![Math.floor(at / C! / T!)]!;
    const place = adapter < adapters! ? slots![module_index! * adapters! + adapter]! : NONE;
    const l = place === NONE ? 1 : table![place + (at % C!)]!;
    y![at] = l * x![at]! + (has_sum ? sum![at]! : 0);
  }
};

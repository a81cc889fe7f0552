import type { ParserLimits } from '../../core/types/source';
import { checkOptions, defined, integer, type Rules } from './options';

const rules: Rules<ParserLimits> = {
  safetensorsHeader: integer(1),
  tensors: integer(1),
  json: integer(1),
  tokenizer: integer(1),
  adapter: integer(1),
};

/** The caps that are given: others stay as they are by default. Throws `invalid_argument` for what is no cap. */
export function checkedLimits(limits: Partial<ParserLimits>): Partial<ParserLimits> {
  checkOptions('SessionOptions: limits', limits, rules);
  return defined(limits);
}

import type { ParserLimits } from '../../core/types/source';
import { checkOptions, defined, integer, type Rules } from './options';

const rules: Rules<ParserLimits> = {
  safetensorsHeader: integer(1),
  tensors: integer(1),
  json: integer(1),
  tokenizer: integer(1),
  adapter: integer(1),
};

/**
 * Returns the given limits; the others are the defaults. Throws `invalid_argument` for a value that can't be a limit.
 */
export function checkedLimits(limits: Partial<ParserLimits>): Partial<ParserLimits> {
  checkOptions('SessionOptions: limits', limits, rules);
  return defined(limits);
}

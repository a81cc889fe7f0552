import { philox4x32 } from '../../src/core/numbers/philox';
import type { Reference } from './reference';
import { readBlock } from './rows/words';

export const dropout: Reference = ({ x, block, sum, y }, p) => {
  const { step, microStep } = readBlock(block!);
  for (let i = 0; i < p.size!; i++) {
    const counter = [Math.floor(i / 4), p.module_index!, step, p.first_stream! + microStep] as const;
    const word = philox4x32(counter, [p.seed_low!, p.seed_high!])[i % 4]!;
    y![i] = (word > p.last_dropped! ? p.scale! * x![i]! : 0) + (p.has_sum ? sum![i]! : 0);
  }
};

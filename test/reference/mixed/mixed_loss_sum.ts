import type { Reference } from '../reference';
import { floatOf, readBlock, STATS, wordOf } from '../rows/words';

export const mixed_loss_sum: Reference = ({ losses, rows, which, block, stats }, { T, adapter_index }) => {
  const { microStep, labelled, inverseTokens } = readBlock(block!);
  const earlier = microStep === 0 ? 0 : floatOf(stats![STATS.loss]);
  const own = losses!
    .subarray(0, labelled)
    .filter((_, n) => which![Math.floor(rows![n]! / T!)] === adapter_index)
    .reduce((sum, loss) => sum + loss, 0);
  stats![STATS.loss] = wordOf(earlier + own * inverseTokens);
};

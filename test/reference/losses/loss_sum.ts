import type { Reference } from '../reference';
import { floatOf, readBlock, STATS, wordOf } from '../rows/words';

export const loss_sum: Reference = ({ losses, block, stats }) => {
  const { microStep, labelled, inverseTokens } = readBlock(block!);
  const earlier = microStep === 0 ? 0 : floatOf(stats![STATS.loss]);
  const own = losses!.subarray(0, labelled).reduce((sum, loss) => sum + loss, 0) * inverseTokens;
  stats![STATS.loss] = wordOf(earlier + own);
};

import type { Reference } from '../reference';
import { floatOf, readBlock, STATS, wordOf } from '../rows/words';

export const metric_sums: Reference = ({ metrics, block, stats }, { N, K }) => {
  const { microStep, inverseTokens } = readBlock(block!);
  for (let k = 0; k < K!; k++) {
    let sum = 0;
    for (let n = 0; n < N!; n++) sum += metrics![n * K! + k]!;
    const earlier = microStep === 0 ? 0 : floatOf(stats![STATS.metrics + k]);
    stats![STATS.metrics + k] = wordOf(earlier + sum * inverseTokens);
  }
};

import type { Reference } from '../reference';
import { readBlock } from '../rows/words';

export const squared_error: Reference = ({ logits, targets, block, losses }, { start, count, V, has_gradient }) => {
  const { labelled, inverseTokens } = readBlock(block!);
  for (let i = 0; i < count!; i++) {
    const n = start! + i;
    const counts = n < labelled ? 1 : 0;
    losses![n] = 0;
    for (let v = 0; v < V!; v++) {
      const error = logits![i * V! + v]! - targets![n * V! + v]!;
      losses![n]! += (counts * error ** 2) / V!;
      if (has_gradient) logits![i * V! + v] = ((counts * 2 * error) / V!) * inverseTokens;
    }
  }
};

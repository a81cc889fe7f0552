import type { Reference } from '../reference';
import { readBlock } from '../rows/words';

export const binary_cross_entropy_with_logits: Reference = (
  { logits, targets, block, losses },
  { start, count, V, has_gradient },
) => {
  const { labelled, inverseTokens } = readBlock(block!);
  for (let i = 0; i < count!; i++) {
    const n = start! + i;
    const counts = n < labelled ? 1 : 0;
    losses![n] = 0;
    for (let v = 0; v < V!; v++) {
      const z = logits![i * V! + v]!;
      const wanted = targets![n * V! + v]!;
      const loss = Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - wanted * z;
      losses![n]! += (counts * loss) / V!;
      if (has_gradient) logits![i * V! + v] = ((counts * (1 / (1 + Math.exp(-z)) - wanted)) / V!) * inverseTokens;
    }
  }
};

import type { Reference } from './reference';
import { readBlock } from './words';

export const cross_entropy: Reference = ({ logits, targets, block, losses }, { start, count, V, has_gradient }) => {
  const { labelled, inverseTokens } = readBlock(block!);
  for (let i = 0; i < count!; i++) {
    const n = start! + i;
    const z = logits!.subarray(i * V!, (i + 1) * V!);
    const target = targets![n]!;
    const counts = n < labelled ? 1 : 0;
    const largest = z.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const logSum = largest + Math.log(z.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    losses![n] = counts * (logSum - z[target]!);
    if (!has_gradient) continue;
    for (let v = 0; v < V!; v++) {
      z[v] = counts * (Math.exp(z[v]! - logSum) - (v === target ? 1 : 0)) * inverseTokens;
    }
  }
};

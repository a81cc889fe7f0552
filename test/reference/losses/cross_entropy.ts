import type { Reference } from '../reference';
import { readBlock } from '../rows/words';

export const cross_entropy: Reference = ({ logits, targets, block, losses }, params) => {
  const { start, count, V, has_gradient, smoothing } = params;
  const { labelled, inverseTokens } = readBlock(block!);
  for (let i = 0; i < count!; i++) {
    const n = start! + i;
    const z = logits!.subarray(i * V!, (i + 1) * V!);
    const target = targets![n]!;
    const counts = n < labelled ? 1 : 0;
    const largest = z.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const logSum = largest + Math.log(z.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    const smoothed = smoothing! > 0 ? z.reduce((sum, logit) => sum + logSum - logit, 0) / V! : 0;
    losses![n] = counts * ((1 - smoothing!) * (logSum - z[target]!) + smoothing! * smoothed);
    if (!has_gradient) continue;
    for (let v = 0; v < V!; v++) {
      const wanted = (v === target ? 1 - smoothing! : 0) + smoothing! / V!;
      z[v] = counts * (Math.exp(z[v]! - logSum) - wanted) * inverseTokens;
    }
  }
};

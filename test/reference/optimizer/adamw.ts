import type { Reference } from '../reference';
import { floatOf, readBlock, STATS, wordOf } from '../rows/words';

export const grad_norm: Reference = ({ grads, before, partials }, { P, K, has_before }) => {
  // It doesn't matter which squares each partial sum contains, because only the total of all partial sums is read.
  for (let k = 0; k < K!; k++) partials![k] = has_before ? before![k]! : 0;
  for (let i = 0; i < P!; i++) partials![Math.floor(i / 64) % K!]! += grads![i]! ** 2;
};

export const adamw: Reference = ({ partials, block, parameters, m, v, grads, stats }, p) => {
  const { step, learningRate: rate, biasCorrection1, biasCorrection2 } = readBlock(block!);
  const norm = Math.sqrt(partials!.reduce((sum, partial) => sum + partial, 0));
  const finite = stats![STATS.nonfinite] === 0 && Number.isFinite(floatOf(stats![STATS.loss])) && Number.isFinite(norm);
  const clip = p.max_grad_norm ? Math.min(1, p.max_grad_norm / (norm + 1e-6)) : 1;
  const learningRate = rate * p.rate!;
  for (let i = p.first!; i < p.first! + p.P!; i++) {
    if (finite) {
      const d = grads![i]! * clip;
      m![i] = m![i]! * (1 - p.one_minus_beta1!) + d * p.one_minus_beta1!;
      v![i] = v![i]! * p.beta2! + d * d * p.one_minus_beta2!;
      const denominator = Math.sqrt(v![i]! / biasCorrection2) + p.epsilon!;
      const decayed = parameters![i]! * (1 - learningRate * p.weight_decay!);
      const next = decayed - (learningRate * (m![i]! / biasCorrection1)) / denominator;
      if (Number.isFinite(Math.fround(next))) parameters![i] = next;
    }
    grads![i] = 0;
  }
  stats![STATS.gradNorm] = wordOf(norm);
  stats![STATS.nonfinite] = finite ? 0 : 1;
  stats![STATS.step] = step;
};

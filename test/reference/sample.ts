import { philox4x32 } from '../../src/core/philox';
import { STREAMS } from '../../src/core/rng';
import { gumbelOf } from './noise';
import type { Reference } from './reference';
import { floatOf } from './words';

export const sample: Reference = ({ logits, block, ids, positions, history }, { B, V, S }) => {
  for (let b = 0; b < B!; b++) {
    const state = block!.subarray(8 * b, 8 * b + 8);
    const [position = 0, count = 0, row = 0, doSample, seedLow = 0, seedHigh = 0, topK, temperature] = state;
    const z = logits!.subarray(row * V!, (row + 1) * V!);
    let scores = z;
    if (doSample) {
      const kth = topK && topK < V! ? z.toSorted().at(-topK)! : Number.NEGATIVE_INFINITY;
      scores = z.map((logit, v) => {
        const [word] = philox4x32([v, 0, position, STREAMS.sample], [seedLow, seedHigh]);
        return logit < kth ? Number.NEGATIVE_INFINITY : logit / floatOf(temperature) + gumbelOf(word);
      });
    }
    const token = scores.indexOf(scores.reduce((a, c) => Math.max(a, c)));
    ids![b] = token;
    positions![b] = position;
    if (count < S!) history![b * S! + count] = token;
    state.set([position + 1, count + 1, b]);
  }
};

import { philox4x32 } from '../../src/core/numbers/philox';
import { STREAMS } from '../../src/core/numbers/rng';
import { GENERATION_BLOCK_WORDS, seenWords } from '../../src/ops/sample';
import { gumbelOf } from './noise';
import type { Reference } from './reference';
import { floatOf } from './rows/words';
import { candidates, penalised } from './sampling';

export const sample: Reference = ({ logits, block, ids, positions, history, seen }, { B, V, S }) => {
  const words = seenWords(V!);
  for (let b = 0; b < B!; b++) {
    const state = block!.subarray(GENERATION_BLOCK_WORDS * b, GENERATION_BLOCK_WORDS * (b + 1));
    const [position = 0, count = 0, row = 0, doSample, seedLow = 0, seedHigh = 0, top_k = 0, ...floats] = state;
    const [temperature = 1, top_p = 1, penalty = 1] = floats.map(floatOf);
    const own = seen!.subarray(words * b, words * (b + 1));
    const z = logits!.subarray(row * V!, (row + 1) * V!);
    if (penalty !== 1) z.set(z.map((logit, v) => (isSeen(own, v) ? penalised(logit, penalty) : logit)));
    let scores = z;
    if (doSample) {
      const kept = candidates(z, { temperature, top_k, top_p });
      scores = z.map((logit, v) => {
        const [word] = philox4x32([v, 0, position, STREAMS.sample], [seedLow, seedHigh]);
        return kept.has(v) ? logit / temperature + gumbelOf(word) : Number.NEGATIVE_INFINITY;
      });
    }
    const token = scores.indexOf(scores.reduce((a, c) => Math.max(a, c)));
    ids![b] = token;
    positions![b] = position;
    if (count < S!) history![b * S! + count] = token;
    if (!isSeen(own, token)) own[token >>> 5] = own[token >>> 5]! + 2 ** (token & 31);
    state.set([position + 1, count + 1, b]);
  }
};

function isSeen(words: Float64Array, v: number): boolean {
  return (Math.floor(words[v >>> 5]! / 2 ** (v & 31)) & 1) === 1;
}

import type { PositionRule } from '../models/causal_model';
import { documentBegins } from '../ops/attention_spans';
import type { BatchShape } from './text_program';

/**
 * The position of every token of a batch in its document, (N). `documents` is a `MicroBatch`'s attention mask. By the rule
 * 'mask' padding doesn't count, and has the position of the token before it, or 0. Positions are below T.
 */
export function tokenPositions(
  { B, T }: BatchShape,
  documents: ArrayLike<number>,
  rule: PositionRule,
): Uint32Array<ArrayBuffer> {
  const positions = new Uint32Array(B * T);
  for (let row = 0; row < B; row++) {
    const begins = documentBegins(documents, row * T, T);
    let tokens = 0;
    for (let t = 0; t < T; t++) {
      if (begins[t] === t) tokens = 0;
      tokens += rule === 'row' || documents[row * T + t] !== 0 ? 1 : 0;
      positions[row * T + t] = Math.max(0, tokens - 1);
    }
  }
  return positions;
}

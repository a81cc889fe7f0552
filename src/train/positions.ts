import type { PositionRule } from '../models/causal_model';
import type { BatchShape } from './text_program';

/**
 * The position of every token of a batch in its document, (N), by the batch's `attentionSpans`. By the rule 'mask' padding
 * doesn't count, and has the position of the token before it, or 0. Positions are below T.
 */
export function tokenPositions(
  { B, T }: BatchShape,
  spans: ArrayLike<number>,
  rule: PositionRule,
): Uint32Array<ArrayBuffer> {
  const positions = new Uint32Array(B * T);
  let tokens = 0;
  for (let n = 0; n < positions.length; n++) {
    const [begin, end] = [spans[2 * n], spans[2 * n + 1]];
    if (begin === n % T) tokens = 0;
    tokens += rule === 'row' || end !== 0 ? 1 : 0;
    positions[n] = Math.max(0, tokens - 1);
  }
  return positions;
}

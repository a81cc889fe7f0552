import { PADDING_POSITION, type PositionRule } from '../models/architecture';
import type { BatchShape } from './task';

/**
 * The position of every token of a batch in its document, (N), by the batch's `attentionSpans`: below T, and
 * `PADDING_POSITION` for padding by the rules 'mask' and 'ids', which don't count it.
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
    const counts = rule === 'row' || end !== 0;
    positions[n] = counts ? tokens++ : PADDING_POSITION;
  }
  return positions;
}

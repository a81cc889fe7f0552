import { PADDING_POSITION, type PositionRule, type TextSizes } from '../../models/architecture';
import type { BatchShape } from '../task/task_batches';

/**
 * The network's position ids for a batch: `tokenPositions`, moved to the rows of long texts if the batch has one. As in transformers,
 * the longest of its texts decides for all; padding behind that text doesn't count.
 */
export function positionIds(
  shape: BatchShape,
  spans: ArrayLike<number>,
  { positions: rule, longTexts }: Pick<TextSizes, 'positions' | 'longTexts'>,
): Uint32Array<ArrayBuffer> {
  const positions = tokenPositions(shape, spans, rule);
  if (longTexts === undefined) return positions;
  const isLong = positions.some((position, n) => position >= longTexts.after && spans[2 * n + 1] !== 0);
  return isLong ? positions.map((position) => position + longTexts.offset) : positions;
}

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

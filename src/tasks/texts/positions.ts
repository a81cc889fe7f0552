import { PADDING_POSITION, type PositionRule, type TextSizes } from '../../models/architecture';
import type { BatchShape } from '../task/task_batches';

/**
 * Returns the network's position ids for a batch: the positions from `tokenPositions`. If the position table has separate rows for long
 * texts, and any text of the batch is long (without padding), adds the offset of these rows to all ids of the batch, as transformers does.
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
 * Returns the position of each token of a batch in its document: (N). The batch's `attentionSpans` say where documents begin. With the
 * rules 'mask' and 'ids', padding isn't counted and has the position `PADDING_POSITION`.
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

import type { PositionRule } from '../models/causal_model';
import type { BatchShape } from './text_program';

/**
 * The position of every token of a batch, (N). `mask` holds 1 for a token and 0 for padding, whose position is that of
 * the token before it, or 0. Positions are below T.
 */
export function tokenPositions(
  { B, T }: BatchShape,
  mask: ArrayLike<number>,
  rule: PositionRule,
): Uint32Array<ArrayBuffer> {
  const positions = new Uint32Array(B * T);
  let tokens = 0;
  for (let n = 0; n < positions.length; n++) {
    if (n % T === 0) tokens = 0;
    tokens += rule === 'row' || mask[n] === 1 ? 1 : 0;
    positions[n] = Math.max(0, tokens - 1);
  }
  return positions;
}

import type { PoolingMode } from '../../core/pooling/pooling';
import type { BatchShape } from '../task/task_batches';

export interface PooledTokens extends BatchShape {
  /** (B·T): 0 for padding, on either side of a row's tokens. */
  readonly attention_mask: ArrayLike<number>;
}

/**
 * Returns the weights (K, B·T) with which `poolRows` pools hidden states in K modes, as sentence-transformers does. `skipped`: the number
 * of tokens at the beginning of each row that don't count.
 */
export function poolingWeights(
  { B, T, attention_mask }: PooledTokens,
  modes: readonly PoolingMode[],
  skipped = 0,
): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(modes.length * B * T);
  for (let b = 0; b < B; b++) {
    const tokens = Array.from({ length: T }, (_, t) => t).filter((t) => attention_mask[b * T + t] !== 0);
    const [first = 0] = tokens;
    // Positions are counted from the row's first token, even if that token is skipped.
    const counted = tokens.filter((t) => t >= first + skipped);
    for (const [k, mode] of modes.entries()) {
      const weightAt = weightsOf(mode, counted, first);
      for (const t of counted) weights[(k * B + b) * T + t] = weightAt(t);
    }
  }
  return weights;
}

/**
 * Returns a function that gives the weight of each token in `counted`. `first` is the position of the row's first token, even if that token
 * is skipped.
 */
function weightsOf(mode: PoolingMode, counted: readonly number[], first: number): (t: number) => number {
  const { length } = counted;
  if (mode === 'first') return (t) => Number(t === counted[0]);
  if (mode === 'last') return (t) => Number(t === counted[length - 1]);
  if (mode === 'max') return () => 1;
  if (mode === 'mean') return () => 1 / length;
  if (mode === 'mean_sqrt_len_tokens') return () => 1 / Math.sqrt(length);
  const places = counted.reduce((sum, t) => sum + t - first + 1, 0);
  return (t) => (t - first + 1) / places;
}

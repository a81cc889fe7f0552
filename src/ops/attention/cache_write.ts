import { expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';

export const cacheWriteKernel = flatKernel({
  name: 'cache_write',
  bindings: { k: 'read', v: 'read', positions: 'read', last: 'read', k_cache: 'update', v_cache: 'update' },
  params: { B: 'size', T: 'size', S: 'size', W: 'size' },
  threads: ({ B, T, W }) => B * T * W,
  inVec4: ({ W }) => W % 4 === 0,
});

export interface CacheWriteInputs {
  /** (B·T, W) */
  readonly k: Value;
  /** (B·T, W) */
  readonly v: Value;
  /** Pinned, (B, S, W). */
  readonly k_cache: Value;
  /** Pinned, (B, S, W). */
  readonly v_cache: Value;
  /** u32 (B·T): each token's position, distinct within a row. */
  readonly positions: Value;
  /** u32 (B): the last position of each row to store. Only this one and the S − 1 positions before it are stored. */
  readonly last: Value;
  readonly B: number;
  readonly T: number;
}

/**
 * Writes keys and values of new tokens into their rows' caches, in place: k_cache[b, positions[b·T + t] mod S] = k[b·T + t], and the same
 * for v. A full cache wraps around to its first entry, so that it holds the last S tokens. Has no gradient.
 */
export function cacheWrite(g: Graph, { B, T, ...given }: CacheWriteInputs): void {
  const { k, v, k_cache, v_cache, positions, last } = given;
  const W = k.shape.at(-1) ?? 0;
  const S = k_cache.shape[1] ?? 0;
  for (const x of [k, v]) expectShape('cache_write k and v', x.shape, [B * T, W]);
  for (const cache of [k_cache, v_cache]) expectShape('cache_write cache', cache.shape, [B, S, W]);
  expectShape('cache_write positions', positions.shape, [B * T]);
  expectShape('cache_write last', last.shape, [B]);
  g.emit(cacheWriteKernel, given, {}, { B, T, S, W });
}

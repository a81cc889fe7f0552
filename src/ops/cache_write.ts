import wgsl from '../../shaders/cache_write.wgsl?raw';
import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import wordScalar from '../../shaders/lib/word_scalar.wgsl?raw';
import wordVec4 from '../../shaders/lib/word_vec4.wgsl?raw';
import { defineKernel, flatGrid } from '../core/kernel';
import { expectShape } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

export const cacheWriteKernel = defineKernel({
  name: 'cache_write',
  bindings: { x: 'read', positions: 'read', cache: 'update' },
  params: { B: 'u32', T: 'u32', S: 'u32', W: 'u32' },
  variants: [
    {
      name: 'vec4',
      wgsl: [wgsl, wordVec4, flatIndex],
      workgroups: ({ B, T, W }) => flatGrid((B * T * W) / 4),
      fits: ({ W }) => W % 4 === 0,
    },
    { wgsl: [wgsl, wordScalar, flatIndex], workgroups: ({ B, T, W }) => flatGrid(B * T * W) },
  ],
});

export interface CacheWriteInputs {
  /** (B·T, W) */
  readonly x: Value;
  /** Pinned, (B, S, W). */
  readonly cache: Value;
  /** u32 (B·T): the entry of each token, different ones within a row. Those from S on are left out. */
  readonly positions: Value;
  readonly B: number;
  readonly T: number;
}

/** Puts new tokens into their rows' caches, in place: cache[b, positions[b·T + t]] = x[b·T + t]. Has no gradient. */
export function cacheWrite(g: Graph, { x, cache, positions, B, T }: CacheWriteInputs): void {
  const W = x.shape.at(-1) ?? 0;
  const S = cache.shape[1] ?? 0;
  expectShape('cache_write x', x.shape, [B * T, W]);
  expectShape('cache_write cache', cache.shape, [B, S, W]);
  expectShape('cache_write positions', positions.shape, [B * T]);
  g.emit(cacheWriteKernel, { x, positions, cache }, {}, { B, T, S, W });
}

import { pinned, type Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';

/** Keys and values of every token so far, per layer: (B, S, Hkv·D). */
export interface KvCache {
  /** Tokens of a row that fit. */
  readonly S: number;
  readonly k: readonly Value[];
  readonly v: readonly Value[];
}

export function createKvCache(layers: readonly AttentionHeads[], B: number, S: number): KvCache {
  const caches = (name: string): Value[] =>
    layers.map(({ Hkv, D }, layer) => pinned(`${name} cache ${layer}`, [B, S, Hkv * D]));
  return { S, k: caches('key'), v: caches('value') };
}

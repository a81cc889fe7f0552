import { pinned, type Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';

/** Keys and values of the tokens so far, per layer: (B, S, Hkv·D), or (B, min(S, window), Hkv·D) for a layer with a sliding window. */
export interface KvCache {
  /** The number of tokens per row that layers without a sliding window hold. */
  readonly S: number;
  readonly k: readonly Value[];
  readonly v: readonly Value[];
}

export function createKvCache(layers: readonly AttentionHeads[], B: number, S: number): KvCache {
  const caches = (name: string): Value[] =>
    layers.map(({ Hkv, D, window = S }, layer) => pinned(`${name} cache ${layer}`, [B, Math.min(S, window), Hkv * D]));
  return { S, k: caches('key'), v: caches('value') };
}

import { pinned, type Value } from '../graph/value';
import type { CausalModel } from '../models/causal_model';

/** Keys and values of every token so far, per layer: (B, S, Hkv·D). */
export interface KvCache {
  /** Tokens of a row that fit. */
  readonly S: number;
  readonly k: readonly Value[];
  readonly v: readonly Value[];
}

export function createKvCache(model: CausalModel, B: number, S: number): KvCache {
  const shape = [B, S, model.kvHeads * model.headDim];
  const layers = (name: string) =>
    Array.from({ length: model.layers }, (_, layer) => pinned(`${name} cache ${layer}`, shape));
  return { S, k: layers('key'), v: layers('value') };
}

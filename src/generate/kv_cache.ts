import { pinned, type Value } from '../graph/value';
import type { CausalModel } from '../models/causal_model';

/** Keys and values of every token so far, per layer: (1, S, Hkv·D). */
export interface KvCache {
  /** Tokens that fit. */
  readonly S: number;
  readonly k: readonly Value[];
  readonly v: readonly Value[];
}

const SMALLEST = 64;

export function createKvCache(model: CausalModel, S: number): KvCache {
  const shape = [1, S, model.kvHeads * model.headDim];
  const layers = (name: string) =>
    Array.from({ length: model.layers }, (_, layer) => pinned(`${name} cache ${layer}`, shape));
  return { S, k: layers('key'), v: layers('value') };
}

/** Room for `tokens`, in sizes that few programs serve: 64·2ⁿ, at most the model's longest sequence. */
export function bucket(tokens: number, longest: number): number {
  let size = SMALLEST;
  while (size < tokens) size *= 2;
  return Math.min(size, longest);
}

import { Graph } from '../graph/graph';
import { pinned, transient, type Value } from '../graph/value';
import { baseTensors, plainLayers } from '../models/layers';
import { constantOf, type LoadedModel } from '../models/loaded_model';
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

/** The heads of each layer, by what the model asks for in a pass over one token. */
export function attentionLayers(loaded: LoadedModel): readonly AttentionHeads[] {
  const g = new Graph();
  const layers: AttentionHeads[] = [];
  loaded.model.hidden(g, plainLayers(g, baseTensors(loaded)), {
    value: (name) => pinned(name, [1], 'u32'),
    constant: (name) => constantOf(loaded, name),
    attend: (layer, q, _k, _v, heads) => {
      layers[layer] = heads;
      return transient('attention', q.shape);
    },
  });
  return layers;
}

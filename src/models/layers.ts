import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { linear } from '../ops/linear';
import { baseTensor, type LoadedModel } from './loaded_model';

/** What a model is written over. Names are the checkpoint's keys without `.weight`; adapters wrap `linear`. */
export interface Layers {
  /** The weight itself: norms, embeddings, the head. */
  weight(name: string): Value;
  /** The bias, where the checkpoint has one. */
  bias(name: string): Value | undefined;
  /** y = x·Wᵀ + bias, with whatever adapters add. */
  linear(name: string, x: Value): Value;
}

/** The base model's own layers. */
export function baseLayers(g: Graph, loaded: LoadedModel): Layers {
  const weight = (name: string): Value => baseTensor(loaded, `${name}.weight`);
  const bias = (name: string): Value | undefined => loaded.weights.get(`${name}.bias`);
  return { weight, bias, linear: (name, x) => linear(g, x, weight(name), bias(name)) };
}

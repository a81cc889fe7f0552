import { WebVeraError } from '../core/error';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { linear } from '../ops/linear';
import type { LoadedModel } from './loaded_model';

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
export function baseLayers(g: Graph, { model, weights }: LoadedModel): Layers {
  const weight = (name: string): Value => {
    const value = weights.get(`${name}.weight`) ?? weights.get(`${model.tied.get(name)}.weight`);
    if (value !== undefined) return value;
    throw new WebVeraError('internal', `The model asked for ${name}.weight, which isn't loaded`);
  };
  const bias = (name: string): Value | undefined => weights.get(`${name}.bias`);
  return { weight, bias, linear: (name, x) => linear(g, x, weight(name), bias(name)) };
}

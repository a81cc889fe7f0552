import { WebVeraError } from '../core/errors/error';
import type { Value } from '../graph/value';
import type { Architecture } from './architecture';
import type { Tensors } from './layers';

/** A model whose tensors are on the device: weights by the tensors' names, constants by their own. */
export interface LoadedModel {
  readonly model: Architecture;
  readonly weights: ReadonlyMap<string, Value>;
  readonly constants: ReadonlyMap<string, Value>;
  /** The names of the weights that the files lack, and that therefore have initial values. Default: none. */
  readonly initial?: ReadonlySet<string>;
}

export function constantOf({ constants }: LoadedModel, name: string): Value {
  const value = constants.get(name);
  if (value === undefined) throw new WebVeraError('internal', `The model asked for the constant ${name}`);
  return value;
}

/** A tensor of the base model. A tied head has the tensor that it shares. */
export function baseTensor({ model, weights }: LoadedModel, name: string): Value {
  const module = name.slice(0, name.lastIndexOf('.'));
  const value = weights.get(name) ?? weights.get(`${model.tied.get(module)}${name.slice(module.length)}`);
  if (value !== undefined) return value;
  throw new WebVeraError('internal', `The model has no ${name}`);
}

/** The base model's own tensors. */
export function baseTensors(loaded: LoadedModel): Tensors {
  return {
    weight: (name) => baseTensor(loaded, `${name}.weight`),
    bias: (name) => loaded.weights.get(`${name}.bias`),
    parameter: (name) => baseTensor(loaded, name),
  };
}

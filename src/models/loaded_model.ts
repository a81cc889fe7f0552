import { WebVeraError } from '../core/errors/error';
import type { Value } from '../graph/value';
import type { Architecture } from './architecture';
import type { Tensors } from './layers';

/** A model whose tensors are on the device. `weights` has its weights by tensor name, `constants` its constants by name. */
export interface LoadedModel {
  readonly model: Architecture;
  readonly weights: ReadonlyMap<string, Value>;
  readonly constants: ReadonlyMap<string, Value>;
  /** The names of the weights that were initialised, not read: weights that the files lack, and those of a new head. Default: none. */
  readonly initial?: ReadonlySet<string>;
  /**
   * Whether the steps of programs over many rows are joined (see `GraphOptions`). Joined kernels save dispatches, but take longer to compile,
   * and on a software GPU they are no faster. Default: true.
   */
  readonly joinsSteps?: boolean | undefined;
  /** The fingerprint of the model with the files' own head. Set if a new head has replaced it. */
  readonly identity?: string | undefined;
}

export function constantOf({ constants }: LoadedModel, name: string): Value {
  const value = constants.get(name);
  if (value === undefined) throw new WebVeraError('internal', `The model asked for the constant ${name}`);
  return value;
}

/** Returns a tensor of the base model. For a tied head, it is the tensor that the head shares. */
export function baseTensor({ model, weights }: LoadedModel, name: string): Value {
  const module = name.slice(0, name.lastIndexOf('.'));
  const value = weights.get(name) ?? weights.get(`${model.tied.get(module)}${name.slice(module.length)}`);
  if (value !== undefined) return value;
  throw new WebVeraError('internal', `The model has no ${name}`);
}

/** Returns the base model's own tensors. */
export function baseTensors(loaded: LoadedModel): Tensors {
  return {
    weight: (name) => baseTensor(loaded, `${name}.weight`),
    bias: (name) => loaded.weights.get(`${name}.bias`),
    parameter: (name) => baseTensor(loaded, name),
  };
}

import { WebVeraError } from '../core/error';
import type { Value } from '../graph/value';
import type { CausalModel } from './causal_model';

/** A model whose weights lie on the device. Values are by tensor name; constants by theirs. */
export interface LoadedModel {
  readonly model: CausalModel;
  readonly weights: ReadonlyMap<string, Value>;
  readonly constants: ReadonlyMap<string, Value>;
}

export function constantOf({ constants }: LoadedModel, name: string): Value {
  const value = constants.get(name);
  if (value === undefined) throw new WebVeraError('internal', `The model asked for the constant ${name}`);
  return value;
}

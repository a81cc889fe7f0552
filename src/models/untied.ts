import type { Value } from '../graph/value';
import type { CausalModel } from './causal_model';

/** The model as it is once a tied head got a weight of its own, which then belongs to the model. */
export function untied(model: CausalModel, tensors: ReadonlyMap<string, Value>): CausalModel {
  const heads = [...model.tied.keys()].filter((module) => tensors.has(`${module}.weight`));
  if (heads.length === 0) return model;
  const weights = heads.map((module) => {
    const name = `${module}.weight`;
    return { name, shape: tensors.get(name)?.shape ?? [], kind: 'matrix' as const };
  });
  return {
    ...model,
    config: { ...model.config, tie_word_embeddings: false },
    tied: new Map([...model.tied].filter(([module]) => !heads.includes(module))),
    weights: [...model.weights, ...weights],
  };
}

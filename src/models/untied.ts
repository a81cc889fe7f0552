import type { Value } from '../graph/value';
import type { Architecture } from './architecture';
import { baseTensor, type LoadedModel } from './loaded_model';

/**
 * The tensors of a model with others in place of some. A tied head whose embedding is replaced goes on with the weight
 * that both had, which is its own from then on.
 */
export function tensorsUnder(loaded: LoadedModel, over: ReadonlyMap<string, Value>): Map<string, Value> {
  const tensors = new Map([...loaded.weights, ...over]);
  for (const [module, source] of loaded.model.tied) {
    const name = `${module}.weight`;
    if (over.has(`${source}.weight`) && !over.has(name)) tensors.set(name, baseTensor(loaded, name));
  }
  return tensors;
}

/** The model as it is once a tied head got a weight of its own, which then belongs to the model. */
export function untied(model: Architecture, tensors: ReadonlyMap<string, Value>): Architecture {
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

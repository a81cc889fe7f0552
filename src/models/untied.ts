import type { Value } from '../graph/value';
import type { Architecture } from './architecture';
import { baseTensor, type LoadedModel } from './loaded_model';

/**
 * Returns a model's tensors, with those in `over` in place of its own. If the embedding of a tied head is replaced, the head is no longer
 * tied: its weight is the original embedding.
 */
export function tensorsUnder(loaded: LoadedModel, over: ReadonlyMap<string, Value>): Map<string, Value> {
  const tensors = new Map([...loaded.weights, ...over]);
  for (const [module, source] of loaded.model.tied) {
    const name = `${module}.weight`;
    if (over.has(`${source}.weight`) && !over.has(name)) tensors.set(name, baseTensor(loaded, name));
  }
  return tensors;
}

/** Returns a model in which each tied head with a weight in `tensors` is no longer tied, but has that weight as its own. */
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

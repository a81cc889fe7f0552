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

/** Returns the model with an untied head if `tensors` contains a separate weight for its tied head; else returns `model`. */
export function untied(model: Architecture, tensors: ReadonlyMap<string, Value>): Architecture {
  const own = model.head.weights.filter(({ name }) => tensors.has(name));
  if (model.tied.size === 0 || own.length === 0) return model;
  const config = { ...model.config, tie_word_embeddings: false };
  return { ...model, config, tied: new Map(), weights: [...model.weights, ...own] };
}

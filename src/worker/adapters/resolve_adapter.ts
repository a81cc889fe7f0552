import { parameterShapes } from '../../adapters/pool_layout';
import { type TrainedTensor, trainedTensors } from '../../adapters/trained_tensors';
import type { VeraConfig } from '../../adapters/vera/config';
import { layoutVectors } from '../../adapters/vera/parameters';
import { resolveVeraTargets, type VeraTargets } from '../../adapters/vera/targets';
import type { Warn } from '../../core/errors/warning';
import type { ExpectedTensors } from '../../formats/peft/peft';
import { type Architecture, fileShape } from '../../models/architecture';
import { specOf } from '../models/loading/tensors';

/** What a configuration means for a model. */
export interface ResolvedAdapter {
  readonly targets: VeraTargets;
  /** Biases and whole modules that train. */
  readonly trained: readonly TrainedTensor[];
  /** What its file holds. */
  readonly expected: ExpectedTensors;
}

/** `later`: whether the model has an adapter already. Throws PEFT's errors. */
export function resolveAdapter(
  config: VeraConfig,
  model: Architecture,
  { later = false, warn }: { readonly later?: boolean; readonly warn?: Warn } = {},
): ResolvedAdapter {
  const targets = resolveVeraTargets(config, model.modules, {
    model_type: model.config.model_type,
    output_embedding: model.head.outputEmbedding,
    tie_word_embeddings: model.config.tie_word_embeddings === true,
    names_hint: model.namesHint,
    later,
    ...(warn && { warn }),
  });
  const wrapped = targets.modules.map(({ name }) => name);
  const trained = trainedTensors(targets.config, wrapped, model);
  const { r, save_projection } = targets.config;
  const { max_in, max_out } = targets;
  const vectors = parameterShapes(layoutVectors(targets.modules, r));
  const others = new Map(
    trained.map(({ name, savedKey, shape, ...trainedAs }) => {
      const spec = specOf(model, name);
      return [savedKey, { ...trainedAs, shape: spec === undefined ? shape : fileShape(spec) }];
    }),
  );
  return { targets, trained, expected: { save_projection, r, max_in, max_out, vectors, others } };
}

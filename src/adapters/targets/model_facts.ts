import type { Warn } from '../../core/errors/warning';
import type { Architecture } from '../../models/architecture';
import type { BaseModelFacts } from './targets';

/** The facts about a model that targets depend on. */
export function factsOf(model: Architecture, warn: Warn | undefined): BaseModelFacts {
  return {
    model_type: model.config.model_type,
    output_embedding: model.head.outputEmbedding,
    tie_word_embeddings: model.config.tie_word_embeddings === true,
    names_hint: model.namesHint,
    ...(warn && { warn }),
  };
}

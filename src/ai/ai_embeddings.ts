import { unsupported } from './ai_settings';
import type { AiEmbeddingModel, EmbeddingModelSettings, VectorModel } from './ai_types';

/**
 * Makes an embedding model for the AI SDK (the package `ai`, versions 6 and 7): for `embed({ model: embeddingModel(encoder), value })` and
 * `embedMany`. The vectors are those of the model's `embed`. `usage` counts the tokens of the texts before they are truncated. Calls reject
 * like `embed`.
 */
export function embeddingModel(model: VectorModel, settings: EmbeddingModelSettings = {}): AiEmbeddingModel {
  const { modelId = 'local', adapter_name } = settings;
  return {
    specificationVersion: 'v3',
    provider: 'webvera',
    modelId,
    maxEmbeddingsPerCall: undefined,
    // One GPU computes batches one after the other.
    supportsParallelCalls: false,
    async doEmbed({ values, dimensions, abortSignal: signal }) {
      const options = { signal, ...(adapter_name !== undefined && { adapter_name }) };
      const vectors = values.length === 0 ? [] : await model.embed(values, options);
      const { tokenizer } = model;
      const ids = await Promise.all(tokenizer === undefined ? [] : values.map((value) => tokenizer.encode(value)));
      const tokens = ids.reduce((sum, { length }) => sum + length, 0);
      return {
        embeddings: vectors.map((vector) => Array.from(vector)),
        ...((tokenizer !== undefined || values.length === 0) && { usage: { tokens } }),
        warnings: dimensions === undefined ? [] : [unsupported('dimensions', 'Vectors have the size of the model.')],
      };
    },
  };
}

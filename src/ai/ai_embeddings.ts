import { unsupported } from './ai_settings';
import type { AiEmbeddingModel, EmbeddingModelSettings, TokenCounter, VectorModel } from './ai_types';

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
      const tokens = await tokensOf(values, model.tokenizer, signal);
      return {
        embeddings: vectors.map((vector) => Array.from(vector)),
        ...(tokens !== undefined && { usage: { tokens } }),
        warnings: dimensions === undefined ? [] : [unsupported('dimensions', 'Vectors have the size of the model.')],
      };
    },
  };
}

/**
 * Counts the tokens of texts with one `encode` call per text, so that the worker's time limit applies to each call separately. Resolves
 * with undefined if `encode` fails, so that the vectors are returned anyway.
 */
async function tokensOf(
  texts: readonly string[],
  tokenizer: TokenCounter | undefined,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  let tokens = 0;
  for (const text of texts) {
    signal?.throwIfAborted();
    const ids = await tokenizer?.encode(text).catch(() => undefined);
    if (ids === undefined) return undefined;
    tokens += ids.length;
  }
  return tokens;
}

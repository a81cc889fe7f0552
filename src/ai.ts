// The public names of `webvera/ai`: models for the AI SDK (the npm package `ai`). Their code uses only webvera's public names.
export { embeddingModel } from './ai/ai_embeddings';
export { languageModel } from './ai/ai_language';
export type {
  AiAnswer,
  AiCallOptions,
  AiEmbeddingModel,
  AiEmbeddingOptions,
  AiEmbeddings,
  AiFinishReason,
  AiLanguageModel,
  AiMessage,
  AiStreamPart,
  AiUsage,
  AiWarning,
  EmbeddingModelSettings,
  LanguageModelSettings,
  TokenCounter,
  VectorModel,
  WritingModel,
} from './ai/ai_types';
export type { ChatMessage, GeneratedToken, GenerationConfig } from './index';

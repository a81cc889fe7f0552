import type { GgufMetadata } from './gguf_metadata';

/** llama.cpp's numbers of what a token is for. */
export const TokenType = { unknown: 2, control: 3, userDefined: 4 } as const;

/** Of each token; empty where the file doesn't say. Throws `invalid_format`. */
export function tokenTypes(metadata: GgufMetadata, tokens: readonly string[]): readonly number[] {
  const types = metadata.numbers('tokenizer.ggml.token_type');
  if (types.length === 0 || types.length === tokens.length) return types;
  throw metadata.invalid('tokenizer.ggml.token_type', `${tokens.length} numbers`);
}

import type { GgufMetadata } from '../gguf_metadata';

/** llama.cpp's numbers for the types of tokens. */
export const TokenType = { unknown: 2, control: 3, userDefined: 4 } as const;

/** The type of each token; empty if the file has none. Throws `invalid_format`. */
export function tokenTypes(metadata: GgufMetadata, tokens: readonly string[]): readonly number[] {
  const types = metadata.numbers('tokenizer.ggml.token_type');
  if (types.length === 0 || types.length === tokens.length) return types;
  throw metadata.invalid('tokenizer.ggml.token_type', `${tokens.length} numbers`);
}

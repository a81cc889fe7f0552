import type { GgufFields } from '../gguf_fields';

/** llama.cpp's numbers for some token types. */
export const TokenType = { unknown: 2, control: 3, userDefined: 4 } as const;

/** The type of each token; empty if the file has none. Throws `invalid_format`. */
export function tokenTypes(fields: GgufFields, tokens: readonly string[]): readonly number[] {
  const types = fields.numbers('tokenizer.ggml.token_type');
  if (types.length === 0 || types.length === tokens.length) return types;
  throw fields.invalid('tokenizer.ggml.token_type', `${tokens.length} numbers`);
}

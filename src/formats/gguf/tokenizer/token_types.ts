import type { GgufFields } from '../gguf_fields';

/** llama.cpp's numbers for some token types. */
export const TokenType = { unknown: 2, control: 3, userDefined: 4 } as const;

/** Tokens that end a turn or a text, by their texts. Like llama.cpp, this code knows them by name, because few files list all of them. */
const ENDS: ReadonlySet<string> = new Set([
  ...['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>', '<|end|>', '<|endoftext|>', '<end_of_turn>'],
  ...['<|eot|>', '<EOT>', '_<EOT>', '<end_of_utterance>', '<｜end▁of▁sentence｜>'],
]);

/** Whether a token is known to end a turn or a text. */
export function isKnownEnd(token: string): boolean {
  return ENDS.has(token);
}

/**
 * The type of each token; 0 where the file has none. A known end is a control token, as in llama.cpp, whatever its stored type: converters
 * have stored the turn tokens of a Phi-3 and a Gemma as ordinary ones. Throws `invalid_format`.
 */
export function tokenTypes(fields: GgufFields, tokens: readonly string[]): readonly number[] {
  const types = fields.numbers('tokenizer.ggml.token_type');
  if (types.length > 0 && types.length !== tokens.length) {
    throw fields.invalid('tokenizer.ggml.token_type', `${tokens.length} numbers`);
  }
  return tokens.map((token, id) => (isKnownEnd(token) ? TokenType.control : (types[id] ?? 0)));
}

import type { JsonObject } from '../../../core/input/fields';
import type { GgufFields } from '../gguf_fields';
import { isKnownEnd } from '../tokenizer/token_types';

/** Returns the fields of config.json that concern tokens, which all families have. */
export function tokenFields(fields: GgufFields): JsonObject {
  const vocab_size = fields.vocabSize();
  const padding = idOf(fields, 'padding') ?? null;
  return {
    vocab_size,
    tie_word_embeddings: !fields.has('output.weight'),
    bos_token_id: idOf(fields, 'bos') ?? null,
    eos_token_id: endsOf(fields),
    // Like llama.cpp, ignores a padding token without an embedding.
    pad_token_id: padding !== null && padding >= vocab_size ? null : padding,
  };
}

function idOf(fields: GgufFields, name: string): number | undefined {
  return fields.number(`tokenizer.ggml.${name}_token_id`);
}

/** Returns the tokens that end a text: first the file's eos token, then others that may end a turn of a chat model. */
function endsOf(fields: GgufFields): number | readonly number[] | null {
  const tokens = fields.texts('tokenizer.ggml.tokens');
  const known = tokens.flatMap((token, id) => (isKnownEnd(token) ? id : []));
  const named = ['eos', 'eot', 'eom'].flatMap((name) => idOf(fields, name) ?? []);
  const ids = [...new Set([...named, ...fields.numbers('tokenizer.ggml.eos_token_ids'), ...known])];
  const eos = idOf(fields, 'eos') ?? null;
  return ids.some((id) => id !== eos) ? ids : eos;
}

import type { JsonObject } from '../../../core/input/fields';
import { type GgufFields, WITH_TOKENIZER } from '../gguf_fields';
import { byteLevelTokenizer, type TokenizerParts } from './byte_level';
import { sentencepieceTokenizer } from './sentencepiece';
import { TokenType, tokenTypes } from './token_types';

/** The functions that convert a tokenizer, keyed by llama.cpp's names for types of tokenizers. */
const MAKERS: ReadonlyMap<string, (fields: GgufFields, tokens: readonly string[]) => TokenizerParts> = new Map([
  ['gpt2', byteLevelTokenizer],
  ['llama', sentencepieceTokenizer],
]);

/** Matches the model name of a Phi-3: "Phi3" in llama.cpp, or "Phi 3 Mini 4k Instruct" from newer converters. */
const PHI3 = /phi[- ]?3/i;
/** The added tokens of a Phi-3 that don't match the white space after them. */
const UNSTRIPPED = ['<unk>', '<s>', '<|endoftext|>'];

/** The contents of tokenizer.json and tokenizer_config.json; undefined if the file has no tokenizer. */
export function tokenizerOf(
  fields: GgufFields,
): { readonly tokenizer: JsonObject; readonly config: JsonObject } | undefined {
  const model = fields.text('tokenizer.ggml.model');
  if (model === undefined) return undefined;
  const make = MAKERS.get(model);
  if (make === undefined) {
    throw fields.unsupported(
      `expected a tokenizer of one of ${[...MAKERS.keys()].join(', ')}; got ${model}`,
      WITH_TOKENIZER,
    );
  }
  const tokens = fields.texts('tokenizer.ggml.tokens');
  const made = make(fields, tokens);
  const config = configOf(fields, tokens);
  return {
    tokenizer: {
      ...made.parts,
      added_tokens: addedTokens(fields, tokens, made),
      post_processor: around(fields, config, made.addsBos),
    },
    config,
  };
}

/**
 * Returns the added tokens, for which a tokenizer searches before it splits a text. The added tokens of Phi-3 also match the white space
 * after them. GGUF can't express this, so Phi-3 is recognised by its name, as in llama.cpp. transformers has no such rule for GGUF files,
 * and leaves the white space in the text.
 */
function addedTokens(
  fields: GgufFields,
  tokens: readonly string[],
  { vocab, special: kinds }: TokenizerParts,
): JsonObject[] {
  const types = tokenTypes(fields, tokens);
  const isPhi3 = PHI3.test(fields.text('general.name') ?? '');
  return tokens.flatMap((content, id) => {
    const type = types[id] ?? 0;
    const special = kinds.includes(type);
    // Gemma's tokens of several spaces aren't added tokens: `vocab` spells them with ▁, which a text contains only after normalisation.
    const isAdded = special || (type === TokenType.userDefined && Object.hasOwn(vocab, content));
    const rstrip = isPhi3 && !UNSTRIPPED.includes(content);
    return isAdded ? [{ id, content, special, normalized: false, rstrip }] : [];
  });
}

function configOf(fields: GgufFields, tokens: readonly string[]): JsonObject {
  const token = (name: string): string | undefined => tokens[fields.number(`tokenizer.ggml.${name}_token_id`) ?? -1];
  return {
    bos_token: token('bos'),
    eos_token: token('eos'),
    pad_token: token('padding'),
    unk_token: token('unknown'),
    chat_template: fields.text('tokenizer.chat_template'),
  };
}

/** Makes the post-processor, which puts bos and eos around each text. */
function around(fields: GgufFields, config: JsonObject, addsBos: boolean): JsonObject {
  const named = ['bos', 'eos'].flatMap((name) => {
    const token = config[`${name}_token`];
    const isAdded = fields.flag(`tokenizer.ggml.add_${name}_token`, name === 'bos' && addsBos);
    return isAdded && typeof token === 'string'
      ? [{ name, token, id: fields.number(`tokenizer.ggml.${name}_token_id`) ?? 0 }]
      : [];
  });
  const specials = (name: string, type_id: number): JsonObject[] =>
    named.filter((it) => it.name === name).map(({ token }) => ({ SpecialToken: { id: token, type_id } }));
  const text = (id: string, type_id: number): JsonObject[] => [
    ...specials('bos', type_id),
    { Sequence: { id, type_id } },
    ...specials('eos', type_id),
  ];
  return {
    type: 'TemplateProcessing',
    single: text('A', 0),
    pair: [...text('A', 0), ...text('B', 1)],
    special_tokens: Object.fromEntries(
      named.map(({ token, id }) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}

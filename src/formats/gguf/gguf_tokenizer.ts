import type { JsonObject } from '../../core/fields';
import type { GgufMetadata } from './gguf_metadata';

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

/** How Llama 3 and Qwen cut texts: by words, so many digits, signs and lines. */
const words = (digits: string): JsonObject => ({
  type: 'Sequence',
  pretokenizers: [
    {
      type: 'Split',
      pattern: {
        Regex: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
      },
      behavior: 'Isolated',
      invert: false,
    },
    { ...BYTES, use_regex: false },
  ],
});

/** By llama.cpp's names of ways to cut texts. */
const RULES: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['gpt-2', { pre_tokenizer: { ...BYTES, use_regex: true } }],
  [
    'smollm',
    {
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Digits', individual_digits: true },
          { ...BYTES, use_regex: true },
        ],
      },
    },
  ],
  ['qwen2', { normalizer: { type: 'NFC' }, pre_tokenizer: words('\\p{N}') }],
  ['llama-bpe', { pre_tokenizer: words('\\p{N}{1,3}'), ignore_merges: true }],
]);

const CONTROL = 3;
const USER_DEFINED = 4;

/** What tokenizer.json and tokenizer_config.json would hold; undefined where the file has no tokenizer. */
export function tokenizerOf(
  metadata: GgufMetadata,
): { readonly tokenizer: JsonObject; readonly config: JsonObject } | undefined {
  const model = metadata.text('tokenizer.ggml.model');
  if (model === undefined) return undefined;
  const way = metadata.text('tokenizer.ggml.pre') ?? 'none';
  const rules = model === 'gpt2' ? RULES.get(way) : undefined;
  if (rules === undefined) {
    const known = [...RULES.keys()].join(', ');
    throw metadata.unsupported(
      `expected a gpt2 tokenizer that cuts texts by one of ${known}; got one of ${model} by ${way}`,
      "Give the model's tokenizer.json beside the file.",
    );
  }
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  const types = metadata.numbers('tokenizer.ggml.token_type');
  const added = tokens.flatMap((content, id) => {
    const isAdded = types[id] === CONTROL || types[id] === USER_DEFINED;
    return isAdded ? [{ id, content, special: types[id] === CONTROL, normalized: false }] : [];
  });
  const { ignore_merges = false, ...stages } = rules;
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const merges = metadata.texts('tokenizer.ggml.merges');
  const config = configOf(metadata, tokens);
  return {
    tokenizer: {
      ...stages,
      model: { type: 'BPE', vocab, merges, ignore_merges },
      added_tokens: added,
      post_processor: around(metadata, config),
      decoder: BYTES,
    },
    config,
  };
}

function configOf(metadata: GgufMetadata, tokens: readonly string[]): JsonObject {
  const token = (name: string): string | undefined => tokens[metadata.number(`tokenizer.ggml.${name}_token_id`) ?? -1];
  return {
    bos_token: token('bos'),
    eos_token: token('eos'),
    pad_token: token('padding'),
    unk_token: token('unknown'),
    chat_template: metadata.text('tokenizer.chat_template'),
  };
}

/** The tokens that stand around each text. */
function around(metadata: GgufMetadata, config: JsonObject): JsonObject {
  const named = ['bos', 'eos'].flatMap((name) => {
    const token = config[`${name}_token`];
    const isAdded = metadata.flag(`tokenizer.ggml.add_${name}_token`) && typeof token === 'string';
    return isAdded ? [{ name, token, id: metadata.number(`tokenizer.ggml.${name}_token_id`) ?? 0 }] : [];
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

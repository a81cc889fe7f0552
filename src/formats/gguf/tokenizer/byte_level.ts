import type { JsonObject } from '../../../core/input/fields';
import { type GgufFields, WITH_TOKENIZER } from '../gguf_fields';
import { TokenType } from './token_types';

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';

/** The rules by which a tokenizer splits texts, as fields of tokenizer.json. */
interface SplitRules {
  readonly normalizer?: JsonObject;
  readonly pre_tokenizer: JsonObject;
  /** Whether a word that is itself a token skips the merges (`ignore_merges`), and texts begin with the bos token. Default: false. */
  readonly isLlama3?: boolean;
}

const sequence = (...pretokenizers: readonly JsonObject[]): JsonObject => ({ type: 'Sequence', pretokenizers });

const isolated = (pattern: string): JsonObject => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});

/** Makes a pre-tokenizer that splits a text into words, numbers, punctuation, line breaks and white space. */
const words = (word: string, digits: string, ends: string): JsonObject =>
  sequence(isolated(`${word}|${digits}| ?[^\\s\\p{L}\\p{N}]+[${ends}]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`), {
    ...BYTES,
    use_regex: false,
  });

const WORD = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
/** The pattern of words in which a capital letter after a small one begins a new word. */
const CASED = [`${UPPER}*${LOWER}+`, `${UPPER}+${LOWER}*`].map((it) => `[^\\r\\n\\p{L}\\p{N}]?${it}`).join('|');
const LONG_NUMBERS = words(WORD, '\\p{N}{1,3}', '\\r\\n');

const GPT2: SplitRules = { pre_tokenizer: { ...BYTES, use_regex: true } };
const SINGLE_DIGITS: SplitRules = {
  pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, { ...BYTES, use_regex: true }),
};
const QWEN2: SplitRules = { normalizer: { type: 'NFC' }, pre_tokenizer: words(WORD, '\\p{N}', '\\r\\n') };
const LLAMA3: SplitRules = { pre_tokenizer: LONG_NUMBERS, isLlama3: true };
const CL100K: SplitRules = { pre_tokenizer: LONG_NUMBERS };
const FALCON: SplitRules = {
  pre_tokenizer: sequence(
    { type: 'Punctuation', behavior: 'Contiguous' },
    { ...BYTES, use_regex: true },
    { type: 'Digits', individual_digits: false },
    isolated('[0-9][0-9][0-9]'),
  ),
};

/** The rules by which texts are split before BPE, keyed by llama.cpp's names. */
const RULES: ReadonlyMap<string, SplitRules> = new Map([
  ['gpt-2', GPT2],
  ['phi-2', GPT2],
  ['smollm', SINGLE_DIGITS],
  ['starcoder', SINGLE_DIGITS],
  ['refact', SINGLE_DIGITS],
  ['qwen2', QWEN2],
  ['deepseek-r1-qwen', QWEN2],
  ['llama-bpe', LLAMA3],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['falcon3', LLAMA3],
  ['dbrx', CL100K],
  ['smaug-bpe', CL100K],
  ['tekken', { pre_tokenizer: words(CASED, '\\p{N}', '\\r\\n/'), isLlama3: true }],
  ['falcon', FALCON],
]);

export interface TokenizerParts {
  /** Fields of tokenizer.json. */
  readonly parts: JsonObject;
  readonly vocab: Readonly<Record<string, number>>;
  /** The types of special tokens, as numbers of `TokenType`. */
  readonly special: readonly number[];
  /** Whether texts begin with the bos token, unless the file says otherwise. */
  readonly addsBos: boolean;
}

/** Converts a byte-level tokenizer, like GPT-2's. Throws `unsupported_model` for unknown rules. */
export function byteLevelTokenizer(fields: GgufFields, tokens: readonly string[]): TokenizerParts {
  const way = fields.text('tokenizer.ggml.pre') ?? 'none';
  const rules = RULES.get(way);
  if (rules === undefined) {
    const known = [...RULES.keys()].join(', ');
    throw fields.unsupported(
      `expected a gpt2 tokenizer that cuts texts by one of ${known}; got ${way}`,
      WITH_TOKENIZER,
    );
  }
  const { normalizer, pre_tokenizer, isLlama3 = false } = rules;
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const merges = fields.texts('tokenizer.ggml.merges');
  const parts = {
    ...(normalizer && { normalizer }),
    pre_tokenizer,
    model: { type: 'BPE', vocab, merges, ignore_merges: isLlama3 },
    decoder: BYTES,
  };
  return { parts, vocab, special: [TokenType.control], addsBos: isLlama3 };
}

import { WebVeraError } from '../../core/errors/error';
import type { JsonObject } from '../../core/input/fields';

/** The special tokens of a tokenizer class of transformers. */
interface UsualTokens {
  readonly classes: readonly [string, ...(readonly string[])];
  /** The values of `model_type` that imply this class if the folder names none. */
  readonly modelTypes: readonly string[];
  /** The special tokens, unless the files name others. */
  readonly tokens: JsonObject;
}

/** A tokenizer class of transformers. */
export interface TokenizerClass extends UsualTokens {
  /** The file with the tokenizer's vocabulary. For 'vocab.json', merges.txt has the merges. */
  readonly file: 'vocab.json' | 'vocab.txt';
  /**
   * Returns the stages of tokenizer.json: normalizer, pre-tokenizer, post-processor, decoder. `idOf` returns a special token's text and id.
   */
  rules(config: JsonObject, idOf: (key: string) => readonly [token: string, id: number]): JsonObject;
  /** Whether tokenizer.json's post-processor is ignored, so that texts get no special tokens. Default: false. */
  readonly ignoresPostProcessor?: boolean;
}

const byteLevel = (config: JsonObject): JsonObject => ({
  type: 'ByteLevel',
  add_prefix_space: config.add_prefix_space === true,
  trim_offsets: true,
  use_regex: true,
});

const GPT2: TokenizerClass = {
  classes: ['GPT2Tokenizer'],
  modelTypes: ['gpt2', 'gpt_neo', 'opt'],
  file: 'vocab.json',
  tokens: { bos_token: '<|endoftext|>', eos_token: '<|endoftext|>', unk_token: '<|endoftext|>' },
  rules(config, idOf) {
    const around = (key: string): string[] => (config[`add_${key}`] === true ? [key] : []);
    const text = (name: string, type_id: number): JsonObject[] => [
      ...around('bos_token').map((key) => special(idOf(key)[0], type_id)),
      { Sequence: { id: name, type_id } },
      ...around('eos_token').map((key) => special(idOf(key)[0], type_id)),
    ];
    const single = text('A', 0);
    const used = ['bos_token', 'eos_token'].flatMap(around).map(idOf);
    return {
      normalizer: null,
      pre_tokenizer: byteLevel(config),
      post_processor: template(single, [...single, ...text('B', 1)], used),
      decoder: { type: 'ByteLevel' },
    };
  },
};

const GPT_NEOX: TokenizerClass = {
  classes: ['GPTNeoXTokenizer'],
  modelTypes: ['gpt_neox'],
  file: 'vocab.json',
  tokens: { ...GPT2.tokens, pad_token: '<|padding|>' },
  rules: (config, idOf) => ({ ...GPT2.rules(config, idOf), normalizer: { type: 'NFC' } }),
  ignoresPostProcessor: true,
};

const ROBERTA: TokenizerClass = {
  classes: ['RobertaTokenizer'],
  modelTypes: ['roberta'],
  file: 'vocab.json',
  tokens: {
    ...{ bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>', sep_token: '</s>', pad_token: '<pad>' },
    ...{ cls_token: '<s>', mask_token: '<mask>' },
  },
  rules: (config, idOf) => ({
    normalizer: null,
    pre_tokenizer: byteLevel(config),
    post_processor: { ...byteLevel(config), type: 'RobertaProcessing', sep: idOf('sep_token'), cls: idOf('cls_token') },
    decoder: { type: 'ByteLevel' },
  }),
};

const BERT: TokenizerClass = {
  classes: ['BertTokenizer', 'DistilBertTokenizer', 'ElectraTokenizer'],
  modelTypes: ['bert', 'distilbert'],
  file: 'vocab.txt',
  tokens: {
    ...{ unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' },
  },
  rules(config, idOf) {
    const [cls, sep] = [idOf('cls_token'), idOf('sep_token')];
    const single = [special(cls[0], 0), { Sequence: { id: 'A', type_id: 0 } }, special(sep[0], 0)];
    const pair = [...single, { Sequence: { id: 'B', type_id: 1 } }, special(sep[0], 1)];
    return {
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: config.tokenize_chinese_chars !== false,
        strip_accents: typeof config.strip_accents === 'boolean' ? config.strip_accents : null,
        lowercase: config.do_lower_case !== false,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: template(single, pair, [cls, sep]),
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    };
  },
};

const CLASSES: readonly TokenizerClass[] = [GPT2, GPT_NEOX, ROBERTA, BERT];

/** A class whose vocabulary is only in tokenizer.json. */
const XLM_ROBERTA: UsualTokens = {
  classes: ['XLMRobertaTokenizer'],
  modelTypes: ['xlm-roberta'],
  tokens: ROBERTA.tokens,
};

const CONVERT = 'In Python, AutoTokenizer.from_pretrained(…).save_pretrained(…) writes a tokenizer.json.';

/** Classes whose rules are only in tokenizer.json, without 'Fast' at the end. */
const GENERIC: readonly string[] = ['PreTrainedTokenizer', 'TokenizersBackend', 'PythonBackend'];

/**
 * Returns a folder's tokenizer class: the first that `named` (the values of `tokenizer_class` in the folder's files) names, except generic
 * classes; if there is none, that of the `model_type`. Throws `unsupported_model` if the class isn't known.
 */
export function tokenizerClassOf(named: readonly unknown[], modelType: string | undefined): TokenizerClass {
  const name = named.map(className).find((it) => it !== '' && !GENERIC.includes(it));
  const known = classAmong(CLASSES, name, modelType);
  if (known !== undefined) return known;
  const names = CLASSES.flatMap(({ classes }) => classes).join(', ');
  const message = `Expected tokenizer.json, or the vocabulary of one of ${names}; got one of ${name ?? modelType ?? 'no class'}`;
  throw new WebVeraError('unsupported_model', message, { hint: CONVERT });
}

/** Throws `unsupported_model` if the class has another vocabulary file than the folder. */
export function expectVocabulary(
  { classes: [name], file: expected }: TokenizerClass,
  file: TokenizerClass['file'],
): void {
  if (file === expected) return;
  const message = `Expected tokenizer.json, or ${expected} for ${name}; got ${file}`;
  throw new WebVeraError('unsupported_model', message, { hint: CONVERT });
}

/**
 * Returns the special tokens of the tokenizer's class that occur in `tokenizer`, the text of tokenizer.json. They are needed if
 * tokenizer_config.json names no special tokens, as in GPT-2's folders.
 */
export function usualTokens(config: JsonObject, modelType: string | undefined, tokenizer: string): JsonObject {
  const { tokens = {} } = classAmong([...CLASSES, XLM_ROBERTA], className(config.tokenizer_class), modelType) ?? {};
  return Object.fromEntries(Object.entries(tokens).filter(([, token]) => tokenizer.includes(JSON.stringify(token))));
}

/** The stages of a tokenizer class, which replace stages of tokenizer.json. */
export interface ClassStages {
  /** Stages that replace only a stage of the same type. */
  readonly typed: JsonObject;
  /** Stages that replace a stage of any type. */
  readonly fixed: JsonObject;
}

/**
 * Returns the stages of the class that a folder's tokenizer_config.json names, or of the `model_type` if it names none; undefined for a
 * class whose rules are only in tokenizer.json.
 */
export function classStages(config: JsonObject, modelType: string | undefined): ClassStages | undefined {
  const known = classAmong(CLASSES, className(config.tokenizer_class), modelType);
  if (known === undefined) return undefined;
  const { normalizer, pre_tokenizer } = known.rules(config, () => ['', 0]);
  return { typed: { normalizer, pre_tokenizer }, fixed: known.ignoresPostProcessor ? { post_processor: null } : {} };
}

/** Returns the class of this name, or of the `model_type` if the name is empty. */
function classAmong<T extends UsualTokens>(all: readonly T[], name = '', modelType = ''): T | undefined {
  return all.find(({ classes, modelTypes }) => (name === '' ? modelTypes.includes(modelType) : classes.includes(name)));
}

/** Returns the name of a tokenizer class without 'Fast' at the end; '' for none. */
export function className(tokenizer_class: unknown): string {
  return typeof tokenizer_class === 'string' ? tokenizer_class.replace(/Fast$/, '') : '';
}

function special(id: string, type_id: number): JsonObject {
  return { SpecialToken: { id, type_id } };
}

function template(single: unknown, pair: unknown, used: readonly (readonly [string, number])[]): JsonObject {
  const special_tokens = Object.fromEntries(used.map(([id, number]) => [id, { id, ids: [number], tokens: [id] }]));
  return { type: 'TemplateProcessing', single, pair, special_tokens };
}

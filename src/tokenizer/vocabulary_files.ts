import { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import { specialToken } from './chat_template';

/** What a folder without a tokenizer.json has of a tokenizer, as files of before 2020 and their kin do. */
export interface VocabularyFiles {
  /** vocab.json and the text of merges.txt, or the text of vocab.txt. */
  readonly vocabulary: { readonly json: JsonObject; readonly merges: string } | { readonly lines: string };
  /** tokenizer_config.json */
  readonly config: JsonObject;
  /** special_tokens_map.json, which goes before tokenizer_config.json. */
  readonly specialTokens: JsonObject;
  /** added_tokens.json */
  readonly addedTokens: JsonObject;
  /** Of config.json; asked where tokenizer_config.json names no class. */
  readonly modelType: string | undefined;
}

/** What transformers makes of such files; the same as tokenizer.json and tokenizer_config.json would hold. */
interface Made {
  readonly tokenizer: JsonObject;
  readonly config: JsonObject;
}

/** A class of transformers': its special tokens, unless the files name others, and its rules. */
interface Kind {
  readonly classes: readonly string[];
  readonly modelTypes: readonly string[];
  readonly tokens: JsonObject;
  rules(config: JsonObject, idOf: (key: string) => readonly [token: string, id: number]): JsonObject;
}

/** In the order in which they get new ids. */
const SPECIAL = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

const byteLevel = (config: JsonObject): JsonObject => ({
  type: 'ByteLevel',
  add_prefix_space: config.add_prefix_space === true,
  trim_offsets: true,
  use_regex: true,
});

const GPT2: Kind = {
  classes: ['GPT2Tokenizer'],
  modelTypes: ['gpt2', 'opt'],
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

const ROBERTA: Kind = {
  classes: ['RobertaTokenizer'],
  modelTypes: ['roberta'],
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

const BERT: Kind = {
  classes: ['BertTokenizer', 'DistilBertTokenizer'],
  modelTypes: ['bert', 'distilbert'],
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

const KINDS = [GPT2, ROBERTA, BERT];

/**
 * Makes of vocabulary and merges what tokenizer.json would hold, as transformers' classes do. Whatever comes out is as untrusted as
 * the files. Throws `unsupported_model` for classes with other rules.
 */
export function tokenizerOfVocabulary(files: VocabularyFiles): Made {
  const kind = kindOf(files);
  const named = { ...kind.tokens, ...files.config, ...files.specialTokens };
  const model = modelOf(files.vocabulary, specialToken(named, 'unk_token'));
  const added = addedTokens(model.vocab, named, files.addedTokens);
  const idOf = (key: string): readonly [string, number] => {
    const token = specialToken(named, key) ?? '';
    const { id = -1 } = added.find(({ content }) => content === token) ?? {};
    return [token, id];
  };
  return { tokenizer: { model, added_tokens: added, ...kind.rules(named, idOf) }, config: named };
}

function kindOf({ config, modelType }: VocabularyFiles): Kind {
  const { tokenizer_class } = config;
  const name = typeof tokenizer_class === 'string' ? tokenizer_class.replace(/Fast$/, '') : '';
  const kind =
    KINDS.find(({ classes }) => classes.includes(name)) ??
    KINDS.find(({ modelTypes }) => modelTypes.includes(modelType ?? ''));
  if (kind !== undefined) return kind;
  const known = KINDS.flatMap(({ classes }) => classes).join(', ');
  throw new WebVeraError(
    'unsupported_model',
    `Expected tokenizer.json, or the vocabulary of one of ${known}; got one of ${name || modelType || 'no class'}`,
    { hint: 'In Python, AutoTokenizer.from_pretrained(…).save_pretrained(…) writes a tokenizer.json.' },
  );
}

function modelOf(
  vocabulary: VocabularyFiles['vocabulary'],
  unk_token: string | null,
): JsonObject & { readonly vocab: JsonObject } {
  if ('json' in vocabulary) {
    const merges = linesOf(vocabulary.merges).filter((line) => line !== '' && !line.startsWith('#version'));
    return { type: 'BPE', vocab: vocabulary.json, merges };
  }
  const vocab = Object.fromEntries(linesOf(vocabulary.lines).map((token, id) => [token, id]));
  return { type: 'WordPiece', unk_token, continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab };
}

interface AddedToken {
  readonly content: string;
  readonly id: number;
  readonly special: boolean;
}

/** Tokens that texts are cut at, with the vocabulary's ids, or with those that follow upon its last one. */
function addedTokens(vocab: JsonObject, named: JsonObject, added: JsonObject): AddedToken[] {
  const more = Array.isArray(named.additional_special_tokens) ? named.additional_special_tokens : [];
  const specials = [...SPECIAL.map((key) => named[key]), ...more].flatMap((token) => {
    const content = specialToken({ token }, 'token');
    return content === null || content === '' ? [] : [{ content, token }];
  });
  const names = new Set(specials.map(({ content }) => content));
  const ordinary = Object.keys(added)
    .filter((content) => !names.has(content))
    .sort((a, b) => Number(added[a]) - Number(added[b]));
  let next = Object.keys(vocab).length;
  const ids = new Map<string, number>();
  for (const content of [...ordinary, ...names]) {
    const own = Object.hasOwn(vocab, content) ? vocab[content] : undefined;
    ids.set(content, typeof own === 'number' ? own : next++);
  }
  const tokens = new Map<string, AddedToken>(
    ordinary.map((content) => [content, { ...flags(undefined), content, id: ids.get(content) ?? -1, special: false }]),
  );
  for (const { content, token } of specials) {
    tokens.set(content, { ...flags(token), content, id: ids.get(content) ?? -1, special: true });
  }
  return [...tokens.values()];
}

/** How texts are cut at a token. */
function flags(token: unknown): JsonObject {
  const fields = isJsonObject(token) ? token : {};
  const isSet = (key: string): boolean => fields[key] === true;
  return {
    lstrip: isSet('lstrip'),
    rstrip: isSet('rstrip'),
    single_word: isSet('single_word'),
    normalized: isSet('normalized'),
  };
}

function special(id: string, type_id: number): JsonObject {
  return { SpecialToken: { id, type_id } };
}

function template(single: unknown, pair: unknown, used: readonly (readonly [string, number])[]): JsonObject {
  const special_tokens = Object.fromEntries(used.map(([id, number]) => [id, { id, ids: [number], tokens: [id] }]));
  return { type: 'TemplateProcessing', single, pair, special_tokens };
}

/** As Python reads them. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

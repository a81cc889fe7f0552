import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { cpuTime } from '../helpers/cpu_time';
import { hasStories, longTexts, openTokenizer, proseFolder, proseText, storiesFolder } from '../helpers/tokenizers';

const prose = openTokenizer(proseFolder);

interface BpeFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly [string, string][] };
}

/** Byte-level BPE as GPT-2's encoder.py describes it: the lowest-ranked pair is merged until none is left. */
function referenceEncode(text: string): number[] {
  const { model } = JSON.parse(readFileSync(resolve(proseFolder, 'tokenizer.json'), 'utf8')) as BpeFile;
  const ranks = new Map(model.merges.map((merge, rank) => [[...merge].join(' '), rank]));
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable(byte));
  const symbol = (byte: number) => String.fromCodePoint(printable(byte) ? byte : 256 + others.indexOf(byte));
  const words = text.match(/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu) ?? [];
  return words.flatMap((word) => {
    let parts = Array.from(new TextEncoder().encode(word), symbol);
    for (;;) {
      const pairs = parts.slice(1).map((part, i) => ranks.get(`${parts[i]} ${part}`) ?? Number.POSITIVE_INFINITY);
      const best = Math.min(...pairs);
      if (best === Number.POSITIVE_INFINITY) return parts.map((part) => model.vocab[part]!);
      const at = pairs.indexOf(best);
      parts = [...parts.slice(0, at), `${parts[at]}${parts[at + 1]}`, ...parts.slice(at + 2)];
    }
  });
}

/** A word-level vocabulary is enough to be refused. */
function tokenizerJson(changes: Record<string, unknown> = {}, model: Record<string, unknown> = {}): string {
  return JSON.stringify({
    added_tokens: [{ id: 0, content: '<s>', special: true }],
    pre_tokenizer: { type: 'Whitespace' },
    ...changes,
    model: { type: 'WordPiece', unk_token: '<unk>', vocab: { '<unk>': 1, a: 2, b: 3 }, ...model },
  });
}

describe('encode', () => {
  test('gives what byte-level BPE gives', () => {
    const text = proseText(3000);
    expect(prose.encode(text)).toEqual(referenceEncode(text));
  });

  test('adds no special tokens where the tokenizer has none of its own', () => {
    expect(prose.encode('Hello')).toEqual(prose.encode('Hello', { add_special_tokens: false }));
  });

  test('knows special tokens within a text', () => {
    expect(prose.encode('<|endoftext|>')).toEqual([0]);
  });

  test('an empty text has no tokens', () => {
    expect(prose.encode('')).toEqual([]);
    expect(prose.decode([])).toBe('');
  });

  test.each(
    [10_000, 100_000, 140_000].flatMap((length) =>
      longTexts(length).map(([kind, text]) => [length, kind, text] as const),
    ),
  )('%d characters of %s give the tokens of the whole', (_, __, text) => {
    expect(prose.encode(text)).toEqual(wholeText(proseFolder, text));
  });

  test('round trip', () => {
    const text = proseText(20_000);
    expect(prose.decode(prose.encode(text))).toBe(text);
  });
});

describe('ids', () => {
  test('of special tokens come from tokenizer_config.json, as text or object', () => {
    expect([prose.bos_token_id, prose.eos_token_id, prose.pad_token_id]).toEqual([0, 0, 0]);
    const config = JSON.stringify({ bos_token: { content: '<s>' }, eos_token: 'nowhere', pad_token: null });
    const tokenizer = createTokenizer(tokenizerJson(), config);
    expect([tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id]).toEqual([0, null, null]);
  });

  test('vocab_size counts the vocabulary without added tokens', () => {
    expect(prose.vocab_size).toBe(2048);
    expect(createTokenizer(tokenizerJson()).vocab_size).toBe(3);
  });

  test.each([[-1], [2048], [1.5], [Number.NaN]])('decode refuses %s', (id) => {
    expect(() => prose.decode([5, id])).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('decode leaves out ids without a token', () => {
    const tokenizer = createTokenizer(tokenizerJson(), undefined, { vocabSize: 100 });
    expect(tokenizer.decode([2, 99, 3])).toBe('a b');
  });

  test('skip_special_tokens', () => {
    const ids = prose.encode('<|endoftext|>Call me');
    expect(prose.decode(ids)).toBe('<|endoftext|>Call me');
    expect(prose.decode(ids, { skip_special_tokens: true })).toBe('Call me');
  });

  test('spaces before punctuation stay unless the config asks otherwise', () => {
    const text = 'One , two .';
    expect(prose.decode(prose.encode(text))).toBe(text);
  });
});

describe('hostile files', () => {
  const invalid = expect.objectContaining({ code: 'invalid_format' });

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no model', '{"model":null}'],
    ['an unknown model', tokenizerJson({}, { type: 'Mystery' })],
    ['no vocabulary', tokenizerJson({}, { vocab: undefined })],
    ['a fractional id', tokenizerJson({}, { vocab: { a: 1.5 } })],
    ['a negative id', tokenizerJson({}, { vocab: { a: -1 } })],
    ['an id beyond the model', tokenizerJson({}, { vocab: { a: 1_000_000_000 } })],
    ['an id that is a string', tokenizerJson({}, { vocab: { a: '1' } })],
    ['an added token beyond the model', tokenizerJson({ added_tokens: [{ id: 64, content: 'x' }] })],
    ['an added token without content', tokenizerJson({ added_tokens: [{ id: 5, content: '' }] })],
    ['merges that are no pairs', tokenizerJson({}, { type: 'BPE', merges: ['a'] })],
    ['scores that are none', tokenizerJson({}, { type: 'Unigram', vocab: [['a', 'b']] })],
    ['an unknown pre-tokenizer', tokenizerJson({ pre_tokenizer: { type: 'Mystery' } })],
    ['an empty pattern', tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex: '' } } })],
    ['an endless split', tokenizerJson({ pre_tokenizer: { type: 'FixedLength', length: 0 } })],
    ['a broken pattern', tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex: '[z-a]' } } })],
    [
      'a template without the text',
      tokenizerJson({ post_processor: { type: 'TemplateProcessing', single: [special('<s>')] } }),
    ],
    [
      'a template token that is unknown',
      tokenizerJson({ post_processor: { type: 'TemplateProcessing', single: [special('<no>')] } }),
    ],
    ['a long insertion', tokenizerJson({ normalizer: { type: 'Prepend', prepend: 'x'.repeat(1000) } })],
    [
      'a type of 100,000 levels',
      tokenizerJson().replace('"WordPiece"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    ],
    ['a token of a megabyte', tokenizerJson({}, { vocab: { ['x'.repeat(1e6)]: 5 } })],
    ['an added token of a megabyte', tokenizerJson({ added_tokens: [{ id: 5, content: 'x'.repeat(1e6) }] })],
    ['100,000 added tokens', tokenizerJson({ added_tokens: Array(100_000).fill({ id: 5, content: 'x' }) })],
    ['words of a million characters', tokenizerJson({}, { max_input_chars_per_word: 1e6 })],
    [
      'several characters for a space',
      tokenizerJson({ pre_tokenizer: { type: 'Metaspace', str_rep: '▁'.repeat(16) } }),
    ],
    [
      'a template of many texts',
      tokenizerJson({ post_processor: { type: 'TemplateProcessing', single: Array(9).fill(theText) } }),
    ],
    ['a pattern that looks back any distance', split('(?<=a*)b')],
  ])('%s is invalid_format', (_, json) => {
    expect(() => createTokenizer(json, undefined, { vocabSize: 64 })).toThrow(invalid);
  });

  test('rules nested 20,000 deep', () => {
    const depth = 20_000;
    const nested = `${'{"type":"Sequence","pretokenizers":['.repeat(depth)}${']}'.repeat(depth)}`;
    const json = `{"pre_tokenizer":${nested},"model":{"type":"WordPiece","vocab":{"a":1}}}`;
    expect(() => createTokenizer(json)).toThrow(invalid);
  });

  test('a config that is no object', () => {
    expect(() => createTokenizer(tokenizerJson(), '7')).toThrow(invalid);
    expect(createTokenizer(tokenizerJson(), '{"additional_special_tokens":7,"remove_space":"x"}').vocab_size).toBe(3);
  });

  test('characters without a token, and no unk_token', () => {
    const tokenizer = createTokenizer(tokenizerJson({}, { unk_token: undefined }));
    expect(() => tokenizer.encode('?')).toThrow(invalid);
  });
});

const theText = { Sequence: { id: 'A', type_id: 0 } };
const doubling = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
function split(Regex: string): string {
  return tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex } } });
}
function special(id: string): unknown {
  return { SpecialToken: { id, type_id: 0 } };
}

function wholeText(folder: string, text: string): number[] {
  const read = (name: string) => JSON.parse(readFileSync(resolve(folder, name), 'utf8')) as object;
  return new Library(read('tokenizer.json'), read('tokenizer_config.json')).encode(text).ids;
}

test('files of the first versions of the format, which name no model type', () => {
  const json = JSON.parse(readFileSync(resolve(proseFolder, 'tokenizer.json'), 'utf8')) as { model: { type?: string } };
  delete json.model.type;
  expect(createTokenizer(JSON.stringify(json)).encode('Call me')).toEqual(prose.encode('Call me'));
});

describe.runIf(hasStories)('a ▁-tokenizer with byte fallback', () => {
  const stories = () => openTokenizer(storiesFolder);

  test('puts BOS before a text', () => {
    const { ids, bare } = {
      ids: stories().encode('Once upon a time'),
      bare: stories().encode('Once upon a time', { add_special_tokens: false }),
    };
    expect(ids).toEqual([1, ...bare]);
    expect(bare).toEqual([403, 407, 261, 378]);
    expect(stories().eos_token_id).toBe(2);
    expect(stories().pad_token_id).toBeNull();
  });

  test('a long text, cut into pieces, gives the tokens of the whole', () => {
    for (const [, text] of longTexts(50_000)) expect(stories().encode(text)).toEqual(wholeText(storiesFolder, text));
  });

  test('round trip', () => {
    const text = proseText(6000);
    expect(stories().decode(stories().encode(text), { skip_special_tokens: true })).toBe(text);
  });
});

/** What a hostile file may take, to be read and for a text, in milliseconds. */
const SECOND = 1000;
const refusedOrDone = expect.stringMatching(/^(invalid_format|limit_exceeded)$/);

function expectBounded(json: string, text: string): void {
  const start = cpuTime();
  try {
    const tokenizer = createTokenizer(json);
    tokenizer.decode(tokenizer.encode(text).slice(0, 10_000));
  } catch (error) {
    expect(error).toMatchObject({ name: 'WebVeraError', code: refusedOrDone });
  }
  expect(cpuTime() - start).toBeLessThan(SECOND);
}

describe('hostile rules and models are refused or done within a second', () => {
  const replace = (content: string, pattern: unknown = { String: 'a' }) => ({ type: 'Replace', pattern, content });
  const normalizers = (rules: unknown[]) => tokenizerJson({ normalizer: { type: 'Sequence', normalizers: rules } });
  const spaces = { type: 'Metaspace', replacement: '▁', str_rep: '▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁' };
  const added = Array.from({ length: 200 }, (_, id) => ({ id, content: 'a'.repeat(1000) + id, normalized: true }));
  const chain = Array.from({ length: 1000 }, (_, i) => 'a'.repeat(i + 1));
  const ids = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
  const unigram = (tokens: readonly string[]) =>
    JSON.stringify({
      model: { type: 'Unigram', unk_id: 0, vocab: ['<unk>', ...tokens].map((token, i) => [token, -i]) },
    });

  test.each([
    ['(a+)+$', split('(a+)+$'), 'a'.repeat(100_000)],
    ['two repeats that overlap', split('[^~]*[^~]*~'), proseText(100_000)],
    ['three of them', split('[^~]*[^~]*[^~]*~'), proseText(100_000)],
    ['a repeat that the library undoes', split('([^~]+)\\G+~'), proseText(100_000)],
    ['references', split('(a*)*(a*)*\\1\\2b'), 'a'.repeat(10_000)],
    ['a thousand choices', split(`(?:${'a?'.repeat(1000)})${'a'.repeat(1000)}b`), 'a'.repeat(100_000)],
    ['all of the text before and after, three times', normalizers([replace("$`$'$`$'$`$'")]), 'a'.repeat(100_000)],
    ['a text bomb', normalizers(Array(40).fill(doubling)), 'a'],
    [
      'insertions everywhere',
      normalizers(Array(16).fill(replace('x'.repeat(256), { Regex: '' + '(?:)' }))),
      'ab'.repeat(1000),
    ],
    [
      'longer spaces, six times',
      tokenizerJson({ pre_tokenizer: { type: 'Sequence', pretokenizers: Array(6).fill(spaces) } }),
      ' ',
    ],
    [
      'bytes of bytes',
      tokenizerJson({ pre_tokenizer: { type: 'Sequence', pretokenizers: Array(16).fill({ type: 'ByteLevel' }) } }),
      '東'.repeat(10_000),
    ],
    [
      'a prefix to each of many sections',
      tokenizerJson({ normalizer: { type: 'Prepend', prepend: 'x'.repeat(256) } }),
      'a<s>'.repeat(25_000),
    ],
    [
      '200 normalised added tokens',
      tokenizerJson({ added_tokens: added, normalizer: replace('b'.repeat(200)) }),
      'a'.repeat(1000),
    ],
    [
      'added tokens that nearly match everywhere',
      tokenizerJson({ added_tokens: [{ id: 5, content: `${'a'.repeat(1000)}b` }] }),
      'a'.repeat(100_000),
    ],
    ['Unigram over a…a', unigram(chain), 'a'.repeat(10_000)],
    ['Unigram of nothing known', unigram(['x']), 'a'.repeat(100_000)],
    [
      'BPE over a…a',
      tokenizerJson(
        {},
        { type: 'BPE', vocab: ids(chain), merges: chain.slice(1).map((token) => `${token.slice(1)} a`) },
      ),
      'a'.repeat(50_000),
    ],
    [
      'WordPiece over a…a',
      tokenizerJson({}, { vocab: { ...ids(['<unk>', 'a', '##a']), ['b'.repeat(1000)]: 3 } }),
      `${'a'.repeat(100)} `.repeat(1000),
    ],
    [
      'decoders that lengthen',
      tokenizerJson({ decoder: { type: 'Sequence', decoders: Array(40).fill(doubling) } }),
      'a '.repeat(10_000),
    ],
  ])('%s', (_, json, text) => {
    expectBounded(json, text);
  });
});

test('many ids are decoded beside many added tokens', () => {
  const added_tokens = Array.from({ length: 60_000 }, (_, i) => ({ id: i + 4, content: `<${i}>`, special: true }));
  const tokenizer = createTokenizer(tokenizerJson({ added_tokens, decoder: { type: 'ByteLevel' } }));
  const start = cpuTime();
  expect(tokenizer.decode([2, 60_003, 3, 3, 5, 2])).toBe('a<59999>bb<1>a');
  tokenizer.decode(
    Array.from({ length: 50_000 }, (_, i) => 2 + (i % 2)),
    { skip_special_tokens: true },
  );
  expect(cpuTime() - start).toBeLessThan(SECOND);
});

test('a $ in a replacement is a $', () => {
  const vocab = { '<unk>': 1, $$: 2, "$&$`$'": 3, b: 4 };
  for (const [content, id] of [
    ['$$', 2],
    ["$&$`$'", 3],
  ] as const) {
    const normalizer = { type: 'Replace', pattern: { String: 'a' }, content };
    const decoder = { type: 'Replace', pattern: { Regex: 'b' }, content };
    const tokenizer = createTokenizer(tokenizerJson({ normalizer, pre_tokenizer: null, decoder }, { vocab }));
    expect(tokenizer.encode('a')).toEqual([id]);
    expect(tokenizer.decode([4])).toBe(content);
  }
});

test('whatever the definition, a text is encoded within a second or refused, and ids are in range', () => {
  const short = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '▁', '$', '<s>', '\n'), maxLength: 4 });
  const Regex = fc.constantFrom('a+', '(a|b)*$', '\\s+(?!\\S)', '(?=a)', '[', '(a)\\1', '\\p{L}+', ' ?a*b*', '');
  const pattern = fc.oneof(fc.record({ String: short }), fc.record({ Regex }), fc.constant(undefined));
  const rule = fc.oneof(
    fc.record({ type: fc.constant('Replace'), pattern, content: short }),
    fc.record({ type: fc.constantFrom('Prepend'), prepend: short }),
    fc.record({ type: fc.constantFrom('NFKD', 'Lowercase', 'StripAccents', 'BertNormalizer', 'Mystery') }),
    fc.record({
      type: fc.constant('Strip'),
      strip_left: fc.boolean(),
      strip_right: fc.boolean(),
      content: short,
      start: fc.nat(9),
    }),
    fc.record({
      type: fc.constant('Split'),
      pattern,
      behavior: fc.constantFrom('Isolated', 'Removed'),
      invert: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('Metaspace'),
      replacement: short,
      prepend_scheme: fc.constantFrom('always', 'first', 'never'),
    }),
    fc.record({
      type: fc.constantFrom('ByteLevel', 'Whitespace', 'Digits', 'Punctuation', 'Fuse', 'ByteFallback', 'WordPiece'),
    }),
    fc.constantFrom(null, 7, {}, []),
  );
  const rules = (key: string) =>
    fc.oneof(
      rule,
      fc.array(rule, { maxLength: 4 }).map((list) => ({ type: 'Sequence', [key]: list })),
    );
  const id = fc.oneof({ weight: 9, arbitrary: fc.nat(9) }, fc.constantFrom(-1, 1.5, 1e9, '1'));
  const vocab = fc.dictionary(short, id, { maxKeys: 6 });
  const model = fc.oneof(
    fc.record({
      type: fc.constant('WordPiece'),
      vocab,
      unk_token: short,
      continuing_subword_prefix: fc.constantFrom('', '##'),
    }),
    fc.record({
      type: fc.constant('BPE'),
      vocab,
      merges: fc.array(fc.tuple(short, short), { maxLength: 4 }),
      unk_token: short,
      fuse_unk: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('Unigram'),
      vocab: fc.array(fc.tuple(short, fc.integer()), { maxLength: 6 }),
      unk_id: id,
    }),
  );
  const token = fc.record({
    id,
    content: short,
    normalized: fc.boolean(),
    special: fc.boolean(),
    lstrip: fc.boolean(),
    rstrip: fc.boolean(),
  });
  const definition = fc.record({
    normalizer: rules('normalizers'),
    pre_tokenizer: rules('pretokenizers'),
    decoder: rules('decoders'),
    added_tokens: fc.array(token, { maxLength: 3 }),
    model,
  });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '▁', '<s>', '\n', '東', '🙂'), maxLength: 200 });
  fc.assert(
    fc.property(definition, text, (json, text) => {
      const start = cpuTime();
      try {
        const tokenizer = createTokenizer(JSON.stringify(json), undefined, { vocabSize: 10 });
        const ids = tokenizer.encode(text);
        expect(ids.every((id) => Number.isSafeInteger(id) && id >= 0 && id < 10)).toBe(true);
        expect(typeof tokenizer.decode(ids)).toBe('string');
      } catch (error) {
        expect(error).toMatchObject({ name: 'WebVeraError', code: refusedOrDone });
      }
      expect(cpuTime() - start).toBeLessThan(SECOND);
    }),
    { numRuns: 500 },
  );
});

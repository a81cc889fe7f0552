import { describe, expect, test } from 'vitest';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { cpuTime } from '../helpers/cpu_time';
import { proseText } from '../helpers/models/tokenizers';
import { refusedOrDone, SECOND, split, tokenizerJson } from './small_tokenizers';

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
    ['an added token beyond all models', tokenizerJson({ added_tokens: [{ id: 2 ** 31, content: 'x' }] })],
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

  test('200,000 special tokens of its config take a moment', () => {
    const additional_special_tokens = Array.from({ length: 200_000 }, (_, i) => `<${i}>`);
    const start = cpuTime();
    createTokenizer(tokenizerJson(), JSON.stringify({ additional_special_tokens }));
    expect(cpuTime() - start).toBeLessThan(SECOND);
  });

  test('characters without a token, and no unk_token', () => {
    const tokenizer = createTokenizer(tokenizerJson({}, { unk_token: undefined }));
    expect(() => tokenizer.encode('?')).toThrow(invalid);
  });
});

const theText = { Sequence: { id: 'A', type_id: 0 } };
/** A pattern with 32 equal alternatives. */
const OR_DOTS = Array(32).fill('.').join('|');
const doubling = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
function special(id: string): unknown {
  return { SpecialToken: { id, type_id: 0 } };
}

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
    [
      'many ways of a fixed length',
      split(Array(28).fill(`(?:${OR_DOTS})(?:${OR_DOTS}).......x`).join('|')),
      'a'.repeat(32_000),
    ],
    [
      'many patterns that read much at each place',
      split(...Array(200).fill(`(?:${OR_DOTS.slice(0, 31)})(?:${OR_DOTS}).[^a]`)),
      'a'.repeat(32_768),
    ],
    [
      'many searches for each character',
      split('.', ...Array(30).fill('x(?:a?){1000}(?:a?){1000}(?=q)')),
      'a'.repeat(32_768),
    ],
    ['a class of 2,000 properties', split(`[${'\\w'.repeat(2000)}]+`), 'é a'],
    ['680 properties in turn', split('\\p{L}'.repeat(680)), 'é a'],
    ['12 of them, for which JavaScript compiles for seconds', split('\\P{L}'.repeat(12)), 'é 12 漢字 '.repeat(50)],
    [
      'many patterns that take long to compile',
      split(...Array.from({ length: 50 }, (_, i) => `.\\p{L}\\p{L}(?:\\P{L}|\\p{L}.|\\s\\s[ab]|\\s)[😀-😂]${i}`)),
      'é 12 漢字 '.repeat(50),
    ],
    ['characters that JavaScript compiles long', split(...Array(7).fill('[^a]'.repeat(1000))), 'é 12 漢字 '.repeat(50)],
    ['900 patterns of properties', split(...Array.from({ length: 900 }, (_, i) => `[\\p{L}\\p{N}${i}]+x`)), 'é a'],
    ['words that end often', split(...Array.from({ length: 10 }, (_, i) => `${'\\b'.repeat(200)}${i}`)), 'é a'],
    ['900 patterns of many steps', split(...Array.from({ length: 900 }, (_, i) => `(?:x{1000}){4}${i}`)), 'a'],
    ['patterns of 120,000 characters', split(...Array.from({ length: 30 }, (_, i) => `${'^'.repeat(4000)}${i}`)), 'a'],
    ['long looks behind', split(`(?:${OR_DOTS})(?<=xy{1000}y{1000}y{1000}y{900}.)`), 'a'.repeat(32_768)],
    ['a search for each character', split('.', 'x(?:a?){1000}(?:a?){1000}(?=q)'), 'a'.repeat(32_768)],
    ['many groups in each match', split(`.|(?=q)x${'()'.repeat(1900)}`), 'a'.repeat(32_768)],
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
      'added tokens that a rule makes long',
      tokenizerJson({
        added_tokens: Array.from({ length: 60_000 }, (_, id) => ({ id, content: String.fromCodePoint(0x10000 + id) })),
        normalizer: { type: 'Prepend', prepend: 'x'.repeat(256) },
      }),
      'a',
    ],
    [
      'added tokens that nearly match everywhere',
      tokenizerJson({ added_tokens: [{ id: 5, content: `${'a'.repeat(1000)}b` }] }),
      'a'.repeat(100_000),
    ],
    ['accents without end', tokenizerJson({ normalizer: { type: 'NFD' } }), `a${'\u0316\u0301'.repeat(60_000)}`],
    [
      'accents that BERT takes away',
      tokenizerJson({ normalizer: { type: 'BertNormalizer', lowercase: true } }),
      `a${'\u0316\u0301'.repeat(10_000)}`,
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

describe('added tokens', () => {
  const unlike = (length: number) => Array.from({ length: 1100 }, (_, i) => `${i}`.padEnd(length, `${i}`));
  const tooLong = expect.objectContaining({ code: 'limit_exceeded', message: expect.stringContaining('added_tokens') });

  test('of more than a million characters in all are refused at once', () => {
    const json = tokenizerJson({ added_tokens: unlike(1024).map((content, id) => ({ id, content })) });
    const start = cpuTime();
    expect(() => createTokenizer(json)).toThrow(tooLong);
    expect(cpuTime() - start).toBeLessThan(SECOND / 4);
  });

  test('that tokenizer_config.json names count, too', () => {
    const additional_special_tokens = unlike(1024);
    const vocab = Object.fromEntries(additional_special_tokens.map((token, id) => [token, id]));
    expect(() => createTokenizer(tokenizerJson({}, { vocab }), { additional_special_tokens })).toThrow(tooLong);
  });

  test('of models that generate images are found', () => {
    const added = Array.from({ length: 32_768 }, (_, i) => `<|visual token ${`${i}`.padStart(6, '0')}|>`);
    const added_tokens = added.map((content, i) => ({ id: 10 + i, content, special: true }));
    const start = cpuTime();
    const tokenizer = createTokenizer(tokenizerJson({ added_tokens }));
    expect(tokenizer.encode('a<|visual token 012345|>b<|visual token 0')).toEqual([2, 12_355, 3, 1, 1, 1, 1]);
    expect(cpuTime() - start).toBeLessThan(SECOND);
  });
});

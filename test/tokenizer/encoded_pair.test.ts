import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTokenizer, type TextTokenizer } from '../../src/tokenizer/tokenizer';
import { cpuTime } from '../helpers/cpu_time';
import { proseText } from '../helpers/models/tokenizers';
import { SECOND, tokenizerJson } from './small_tokenizers';

interface Row {
  readonly situation: string;
  readonly tokenizer: string;
  readonly text: string;
  readonly pair: string | null;
  readonly max_length: number;
  readonly input_ids: readonly number[];
  readonly token_type_ids: string;
}
interface Golden {
  readonly tokenizers: Readonly<Record<string, { readonly file: string; readonly changes: object }>>;
  readonly rows: readonly Row[];
}
const golden = JSON.parse(readFileSync('test/golden/encoding.json', 'utf8')) as Golden;

function open(name: string, changes: object = golden.tokenizers[name]!.changes): TextTokenizer {
  const { file } = golden.tokenizers[name]!;
  const json = JSON.parse(readFileSync(resolve('test/oracle/tokenizers', file), 'utf8')) as object;
  return createTokenizer(JSON.stringify({ ...json, ...changes }));
}

describe.each(Object.keys(golden.tokenizers))('transformers gives the same for %s', (name) => {
  const tokenizer = open(name);
  const rows = golden.rows.filter((row) => row.tokenizer === name);

  test.each(rows.map((row) => [row.situation, row] as const))('%s', (_, { text, pair, max_length, ...expected }) => {
    const { input_ids, token_type_ids, cut } = tokenizer.encodePair(text, pair ?? undefined, { maxLength: max_length });
    expect(input_ids).toEqual(expected.input_ids);
    expect(token_type_ids.join('')).toBe(expected.token_type_ids);
    const whole = tokenizer.encodePair(text, pair ?? undefined, { maxLength: 2 ** 20 });
    expect(cut).toBe(whole.input_ids.length > max_length);
    expect(whole.cut).toBe(false);
  });
});

const bert = open('BERT, uncased');

describe('long texts', () => {
  const [long, longer] = [proseText(200_000), proseText(300_000)];
  const lengths = (text: string, pair: string, maxLength: number) => {
    const { input_ids, token_type_ids } = bert.encodePair(text, pair, { maxLength });
    expect(input_ids).toHaveLength(maxLength);
    const second = token_type_ids.filter((type) => type === 1).length;
    return [maxLength - second - 2, second - 1];
  };

  test('give the first tokens of the whole', () => {
    const { input_ids } = bert.encodePair(long, undefined, { maxLength: 40_000 });
    expect(input_ids).toEqual([...bert.encode(long).slice(0, 39_999), 3]);
    const whole = bert.encodePair(long, undefined, { maxLength: 2 ** 20 });
    expect(whole.input_ids).toEqual(bert.encode(long));
  });

  test('one token over goes to the longer of two, or to the second', () => {
    expect(lengths(long, longer, 128)).toEqual([62, 63]);
    expect(lengths(longer, long, 128)).toEqual([63, 62]);
    expect(lengths(long, long, 128)).toEqual([62, 63]);
    expect(lengths(long, longer, 129)).toEqual([63, 63]);
    expect(lengths(long, 'a', 128)).toEqual([124, 1]);
    expect(lengths('a', long, 128)).toEqual([1, 124]);
  });

  test('of megabytes cost only as much as their first tokens', () => {
    const text = proseText(2 ** 24);
    const start = cpuTime();
    expect(bert.encodePair(text, text.slice(1), { maxLength: 129 }).input_ids).toHaveLength(129);
    expect(bert.encodePair(text, undefined, { maxLength: 128 }).input_ids).toHaveLength(128);
    expect(cpuTime() - start).toBeLessThan(SECOND);
  });
});

test.each([[1], [-1], [2.5], [Number.NaN]])('a maxLength of %s is refused', (maxLength) => {
  const invalid = expect.objectContaining({ code: 'invalid_argument' });
  expect(() => bert.encodePair('a', undefined, { maxLength })).toThrow(invalid);
});

test('special tokens alone may fill the row', () => {
  expect(bert.encodePair('a', 'b', { maxLength: 3 })).toEqual({
    input_ids: [2, 3, 3],
    token_type_ids: [0, 0, 1],
    cut: true,
  });
  expect(() => bert.encodePair('a', 'b', { maxLength: 2 })).toThrow(/from 3 on, got 2/);
});

describe('post-processors', () => {
  const a = { Sequence: { id: 'A', type_id: 0 } };
  const b = { Sequence: { id: 'B', type_id: 7 } };
  const special = (id: string, type_id: unknown = 0) => ({ SpecialToken: { id, type_id } });
  const withPair = (pair: unknown, special_tokens: unknown = {}, vocabSize = 64) =>
    createTokenizer(
      tokenizerJson({ post_processor: { type: 'TemplateProcessing', single: [a], pair, special_tokens } }),
      undefined,
      { vocabSize },
    );
  const invalid = expect.objectContaining({ code: 'invalid_format' });

  test('the pair may stand in any order, and a special token for several ids', () => {
    const tokenizer = withPair([special('x', 3), b, a], { x: { id: 'x', ids: [3, 0], tokens: ['b', '<s>'] } });
    expect(tokenizer.encodePair('a', 'b b', { maxLength: 9 })).toEqual({
      input_ids: [3, 0, 3, 3, 2],
      token_type_ids: [3, 3, 7, 7, 0],
      cut: false,
    });
    expect(tokenizer.specialTokens).toEqual({ before: [], after: [] });
  });

  test.each<[string, unknown, unknown?]>([
    ['none', undefined],
    ['no list', { a }],
    ['that leaves a text out', [a]],
    ['that holds a text twice', [a, b, a]],
    ['with a third text', [a, b, { Sequence: { id: 'C', type_id: 0 } }]],
    ['of nothing known', [a, b, 7]],
    ['with a token that there isn’t', [a, b, special('<no>')]],
    ['with a token named as what objects have', [a, b, special('constructor')]],
    ['with an id beyond the model', [a, b, special('x')], { x: { ids: [64] } }],
    ['with an id that is a string', [a, b, special('x')], { x: { ids: ['1'] } }],
    ['with a type that is none', [a, b, special('<s>', 1.5)]],
    ['of hundreds of tokens', [a, b, special('x')], { x: { ids: Array(300).fill(0) } }],
  ])('a template for pairs, %s, is refused once it is asked for', (_, pair, special_tokens) => {
    const tokenizer = withPair(pair, special_tokens);
    expect(tokenizer.encodePair('a', undefined, { maxLength: 4 }).input_ids).toEqual([2]);
    expect(() => tokenizer.encodePair('a', 'b', { maxLength: 4 })).toThrow(invalid);
  });

  test.each([
    [
      'two that add tokens',
      { type: 'Sequence', processors: Array(2).fill({ type: 'TemplateProcessing', single: [a] }) },
    ],
    ['BertProcessing without its tokens', { type: 'BertProcessing' }],
    ['an unknown one', { type: 'Mystery' }],
    ['a text', 'TemplateProcessing'],
  ])('%s: invalid_format', (_, post_processor) => {
    expect(() => createTokenizer(tokenizerJson({ post_processor }))).toThrow(invalid);
  });
});

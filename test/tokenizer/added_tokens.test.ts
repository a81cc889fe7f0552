import { describe, expect, test } from 'vitest';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { tokenizerJson } from './small_tokenizers';

const MARK = '▁';
const added = (id: number, content: string, more: object) => ({
  id,
  content,
  special: true,
  normalized: false,
  ...more,
});

/** A tokenizer like Llama 2's, with turn tokens like Phi-3's. These tokens also match the white space after them. */
const phi = createTokenizer({
  added_tokens: [added(0, '<|user|>', { rstrip: true }), added(1, '<|end|>', { rstrip: true })],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: MARK },
      { type: 'Replace', pattern: { String: ' ' }, content: MARK },
    ],
  },
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', unk_token: '<unk>', vocab: { '<unk>': 2, [MARK]: 3, h: 4, i: 5, '\n': 6 }, merges: [] },
});

test('no token stands for white space that a token beside it has taken', () => {
  expect(phi.encode('<|user|>\nhi<|end|>\n<|user|>\n')).toEqual([0, 3, 4, 5, 1, 0]);
  expect(phi.encode('<|end|> \n')).toEqual([1]);
});

test('a token that is a word of its own isn’t found within words', () => {
  const words = createTokenizer({
    added_tokens: [{ ...added(0, 'ent', { single_word: true }), special: false }],
    pre_tokenizer: { type: 'Whitespace' },
    model: { type: 'WordPiece', unk_token: '<unk>', vocab: { '<unk>': 1, sentence: 2, entity: 3, é: 4 } },
  });
  expect(words.encode('sentence ent entity')).toEqual([2, 0, 3]);
  expect(words.encode('ent,ent')).toEqual([0, 1, 0]);
  expect(words.encode('éent')).toEqual([1]);
});

test('tokens that aren’t normalised are found first, even without a normalizer', () => {
  const tokens = createTokenizer({
    added_tokens: [added(3, 'ab', {}), added(4, 'xa', { special: false, normalized: true })],
    model: { type: 'BPE', vocab: { x: 0, a: 1, b: 2 }, merges: [] },
  });
  // As Hugging Face's tokenizers 0.23 in Python.
  expect(tokens.encode('xab')).toEqual([0, 3]);
  expect(tokens.encode('xaxab')).toEqual([4, 0, 3]);
});

test('an added token that isn’t in the vocabulary of a WordPiece model is no piece of a word', () => {
  const pieces = createTokenizer({
    added_tokens: [{ ...added(3, 'ishmael', { normalized: false }), special: false }],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0, ish: 1, '##mael': 2 } },
  });
  // As Hugging Face's tokenizers 0.23 in Python.
  expect(pieces.encode('Ishmael ishmael ishish')).toEqual([1, 2, 3, 0]);
});

test('spaces of a BPE stay, whatever tokenizer_config.json says, and a stream has the same text', () => {
  const json = {
    added_tokens: [],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: { h: 0, i: 1, Ġ: 2, "'": 3, s: 4, '.': 5 }, merges: [] },
  };
  const bpe = createTokenizer(json, { clean_up_tokenization_spaces: true });
  expect(bpe.decode(bpe.encode("hi 's ."))).toBe("hi 's .");
});

test.each([
  ['alone', { type: 'ByteLevel' }],
  ['in a sequence', { type: 'Sequence', decoders: [{ type: 'ByteLevel' }] }],
])('a decoder of bytes %s leaves tokens that aren’t bytes as they are', (_, decoder) => {
  const bytes = createTokenizer({
    added_tokens: [added(3, '<｜User｜>', {})],
    decoder,
    model: { type: 'BPE', vocab: { Ġ: 0, Ãł: 1, '▁b c': 2 }, merges: [] },
  });
  // As Hugging Face's tokenizers 0.23 in Python.
  expect(bytes.decode([0, 3, 1, 2, 0])).toBe(' <｜User｜>à▁b c ');
});

describe('a token that tokenizer_config.json names', () => {
  const turn = { ...added(5, '<|im_end|>', {}), special: false };
  const json = JSON.parse(
    tokenizerJson({ added_tokens: [turn] }, { vocab: { '<unk>': 1, a: 2, b: 3, '</s>': 4 } }),
  ) as Record<string, unknown>;

  test('is special, although tokenizer.json says that it isn’t', () => {
    const ids = [2, 5, 3];
    const text = (config: object) => createTokenizer(json, { ...config }).decode(ids, { skip_special_tokens: true });
    expect(text({})).toContain('<|im_end|>');
    expect(text({ eos_token: '<|im_end|>' })).not.toContain('<|im_end|>');
    expect(text({ eos_token: { content: '<|im_end|>', special: false } })).not.toContain('<|im_end|>');
    expect(createTokenizer(json, { eos_token: '<|im_end|>' }).decode(ids)).toContain('<|im_end|>');
  });

  test.each<[string, object, number[]]>([
    ['', {}, [2, 1, 1, 1, 3]],
    ['a text', { eos_token: '</s>' }, [2, 4, 3]],
    ['settings', { sep_token: { content: '</s>', single_word: true } }, [2, 4, 3]],
    ['an additional one', { additional_special_tokens: ['</s>'] }, [2, 4, 3]],
    ['one without an id', { eos_token: '<eos>' }, [2, 1, 1, 1, 3]],
  ])('is found in texts if the vocabulary has it: %s', (_, config, ids) => {
    const { encode, decode } = createTokenizer(json, { ...config });
    expect(encode('a </s> b')).toEqual(ids);
    if (ids.includes(4)) expect(decode(ids, { skip_special_tokens: true })).not.toContain('</s>');
  });
});

test('an added token beyond the model’s embedding is left out, as Gemma 3’s <image_soft_token>', () => {
  const file = tokenizerJson({ added_tokens: [added(0, '<s>', {}), added(4, '<image_soft_token>', {})] });
  const { encode, vocab_size } = createTokenizer(file, undefined, { vocabSize: 4 });
  expect(vocab_size).toBe(3);
  expect(encode('a <s> b')).toEqual([2, 0, 3]);
  // The text of the omitted token is split like any other text.
  expect(encode('<image_soft_token>')).not.toContain(4);
  expect(createTokenizer(file, undefined, { vocabSize: 5 }).encode('<image_soft_token>')).toEqual([4]);
});

// The tokens of three texts, and the texts of three lists of tokens, come from the Python package tokenizers 0.23.3.
test.each([
  [
    { prepend_scheme: 'always' },
    [
      [3, 4],
      [3, 7, 3],
      [3, 1, 1, 7, 3, 4],
    ],
    [' a', 'ab a b', 'a b'],
  ],
  [{ prepend_scheme: 'always', split: false }, [[6], [3, 7, 3], [0, 7, 6]], [' a', 'ab a b', 'a b']],
  [
    { prepend_scheme: 'first' },
    [
      [3, 4],
      [3, 7, 2],
      [3, 1, 1, 7, 3, 4],
    ],
    [' a', 'ab a b', 'a b'],
  ],
  [{ prepend_scheme: 'first', split: false }, [[6], [3, 7, 2], [0, 7, 6]], [' a', 'ab a b', 'a b']],
  [
    { prepend_scheme: 'never' },
    [
      [2, 4],
      [2, 7, 2],
      [2, 1, 1, 7, 3, 4],
    ],
    ['   a', ' a b a b', 'a b'],
  ],
  [{ prepend_scheme: 'never', split: false }, [[0], [2, 7, 2], [0, 7, 6]], ['   a', ' a b a b', 'a b']],
])('Metaspace with %j splits, prefixes and decodes as in Rust', (settings, ids, texts) => {
  const rule = { type: 'Metaspace', replacement: MARK, ...settings };
  const tokens = ['u', MARK, 'a', `${MARK}a`, `${MARK}b`, `${MARK}${MARK}`, `${MARK}a${MARK}b`];
  const spaced = createTokenizer({
    added_tokens: [{ ...added(7, '<x>', { normalized: true }), special: false }],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: rule,
    decoder: rule,
    model: { type: 'WordPiece', unk_token: 'u', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) },
  });
  expect(['a b', 'a<x>a', 'A  <X> a b'].map((text) => spaced.encode(text))).toEqual(ids);
  expect(
    [
      [5, 3],
      [6, 6],
      [2, 4],
    ].map((of) => spaced.decode(of)),
  ).toEqual(texts);
});

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { describe, expect, test } from 'vitest';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { cpuTime } from '../helpers/cpu_time';
import {
  hasStories,
  longTexts,
  openTokenizer,
  proseFolder,
  proseText,
  spacedTokenizer,
  storiesFolder,
} from '../helpers/models/tokenizers';
import { ofRing } from '../helpers/ring';
import { SECOND, tokenizerJson } from './small_tokenizers';

const prose = openTokenizer(proseFolder);

interface BpeFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly [string, string][] };
}

/** Encodes with byte-level BPE like GPT-2's encoder.py: merges the pair of lowest rank until no pair can be merged. */
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

test('Unigram gives one unknown token for the unknown characters of a word, and another for those of the next', () => {
  const changes = { pre_tokenizer: { type: 'WhitespaceSplit' } };
  const options = {
    type: 'Unigram',
    unk_id: 0,
    vocab: [
      ['<unk>', 0],
      ['a', -1],
    ],
    unk_token: undefined,
  };
  // As Hugging Face's tokenizers 0.23 in Python.
  expect(createTokenizer(tokenizerJson(changes, options)).encode('東京 京a東 都')).toEqual([0, 0, 1, 0, 0]);
});

describe('Unigram with byte_fallback', () => {
  const bytes = ['F0', '9F', '8D', 'A3'].map((byte) => [`<0x${byte}>`, -9]);
  const unigram = (vocab: readonly unknown[], byte_fallback = true) => {
    const model = {
      type: 'Unigram',
      unk_id: 0,
      byte_fallback,
      vocab: [['<unk>', 0], ['a', -1], ...vocab],
      unk_token: undefined,
    };
    return createTokenizer(tokenizerJson({ added_tokens: [], pre_tokenizer: null }, model));
  };

  test('gives a character outside the vocabulary as the tokens of its bytes', () => {
    expect(unigram(bytes).encode('a🍣a')).toEqual([1, 2, 3, 4, 5, 1]);
  });

  test('gives the unknown token if a byte has no token, or if the file doesn’t ask for bytes', () => {
    expect(unigram(bytes.slice(1)).encode('a🍣')).toEqual([1, 0]);
    expect(unigram(bytes).encode('é')).toEqual([0]);
    expect(unigram(bytes, false).encode('a🍣')).toEqual([1, 0]);
  });
});

describe('encode', () => {
  test('gives the tokens of byte-level BPE', () => {
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
    ofRing([10_000, 70_000, 140_000], { test: (length) => length <= 70_000 }).flatMap((length) =>
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

describe('a word alone needs', () => {
  const small = (file: string, changes = {}) =>
    createTokenizer({ ...JSON.parse(readFileSync(`test/oracle/tokenizers/${file}.json`, 'utf8')), ...changes });
  const bytes = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };

  test.each([
    ['a space: bytes', prose, ' '],
    ["a space: RoBERTa's", small('roberta'), ' '],
    ["a space: Gemma's", spacedTokenizer({ prepends: false }), ' '],
    ["nothing: Llama 2's, which adds it", spacedTokenizer(), ''],
    ['nothing: bytes, with a space before each text', small('roberta', { pre_tokenizer: bytes }), ''],
    ["nothing: BERT's, which drops spaces", small('bert_uncased'), ''],
    ['nothing: a vocabulary without letters', createTokenizer(tokenizerJson()), ''],
  ])('%s', (_, tokenizer, expected) => {
    expect(tokenizer.beforeWord()).toBe(expected);
    const word = tokenizer.encode(`${expected}the`, { add_special_tokens: false });
    const within = tokenizer.encode(`${expected}in the`, { add_special_tokens: false });
    expect(within.slice(-word.length)).toEqual(word);
  });
});

describe('ids', () => {
  test('of special tokens come from tokenizer_config.json, given as texts or objects', () => {
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

test('a byte order mark among the bytes of a text stays', () => {
  const vocab = { '<unk>': 1, '<0xEF>': 2, '<0xBB>': 3, '<0xBF>': 4, a: 5 };
  const tokenizer = createTokenizer(tokenizerJson({ decoder: { type: 'ByteFallback' } }, { vocab }));
  expect(tokenizer.decode([2, 3, 4, 5, 2, 3, 4])).toMatch(/^\ufeff ?a ?\ufeff$/);
});

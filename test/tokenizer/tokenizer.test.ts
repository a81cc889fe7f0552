import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { describe, expect, test } from 'vitest';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { hasStories, openTokenizer, proseFolder, proseText, storiesFolder } from '../helpers/tokenizers';

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

  test('a long text, cut into pieces, gives the tokens of the whole', () => {
    const text = proseText(60_000);
    expect(prose.seam).toBe('keep');
    expect(prose.encode(text)).toEqual(wholeText(proseFolder, text));
  });

  test('round trip', () => {
    const text = proseText(20_000);
    expect(prose.decode(prose.encode(text))).toBe(text);
  });

  test('a piece beyond its deadline is a timeout', () => {
    let [now, step] = [0, 1999];
    const clock = () => {
      now += step;
      return now;
    };
    const tokenizer = createTokenizer(tokenizerJson(), undefined, { clock });
    expect(tokenizer.encode('a')).toEqual([2]);
    step = 2001;
    expect(() => tokenizer.encode('a')).toThrow(expect.objectContaining({ code: 'timeout' }));
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
    ['a pattern that never ends', tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' } } })],
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
    ['a text bomb', tokenizerJson({ normalizer: { type: 'Sequence', normalizers: Array(40).fill(doubling) } })],
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

const doubling = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
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
      bare: stories().encodePiece('Once upon a time'),
    };
    expect(ids).toEqual([1, ...bare]);
    expect(bare).toEqual([403, 407, 261, 378]);
    expect(stories().eos_token_id).toBe(2);
    expect(stories().pad_token_id).toBeNull();
  });

  test('a long text, cut into pieces, gives the tokens of the whole', () => {
    const text = proseText(30_000);
    expect(stories().seam).toBe('drop');
    expect(stories().encode(text)).toEqual(wholeText(storiesFolder, text));
  });

  test('round trip', () => {
    const text = proseText(6000);
    expect(stories().decode(stories().encode(text), { skip_special_tokens: true })).toBe(text);
  });
});

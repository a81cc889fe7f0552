import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { cpuTime } from '../helpers/cpu_time';
import { refusedOrDone, SECOND, split } from './small_tokenizers';

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

test('a class of characters holds few results of texts in many scripts', () => {
  const classes = Array.from({ length: 1360 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('|');
  const tokenizer = createTokenizer(split(`${classes}|(?=a)b`));
  const text = Array.from({ length: 4000 }, (_, i) => String.fromCodePoint(0x10000 + 256 * i)).join('');
  const before = process.memoryUsage().arrayBuffers;
  try {
    tokenizer.encode(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'limit_exceeded' });
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 25);
  expect(tokenizer.vocab_size).toBeGreaterThan(0); // it is still held
});

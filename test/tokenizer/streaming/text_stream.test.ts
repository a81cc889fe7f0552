import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextStream, WINDOW } from '../../../src/tokenizer/streaming/text_stream';
import { longTexts, openTokenizer, proseFolder, proseText, spacedTokenizer } from '../../helpers/models/tokenizers';

function streamed(stream: TextStream, parts: readonly string[]): number[] {
  return [...parts.flatMap((part) => [...stream.push(part)].flat()), ...stream.finish()];
}

describe.each([
  ['Ġ-words', openTokenizer(proseFolder)],
  ['▁-words', spacedTokenizer()],
])('a text that comes in parts, %s', (_, tokenizer) => {
  test.each(longTexts(WINDOW + 5000))('%s: has the tokens of the whole', (_, text) => {
    const whole = tokenizer.encode(text, { add_special_tokens: false });
    expect(streamed(tokenizer.stream(), [text])).toEqual(whole);
  });

  test('in parts of any size', () => {
    const text = proseText(WINDOW + 4000);
    const whole = tokenizer.encode(text, { add_special_tokens: false });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 }), (places) => {
        const borders = [0, ...places.sort((a, b) => a - b), text.length];
        const parts = borders.slice(1).map((end, i) => text.slice(borders[i], end));
        expect(streamed(tokenizer.stream(), parts)).toEqual(whole);
      }),
      { numRuns: 5 },
    );
  });
});

test('a text without a place to cut is cut anyway, within a bounded window', () => {
  const seen: number[] = [];
  // This fake tokenizer encodes a text as one token: its length. So the tokens of two parts never equal those of the whole text.
  const stream = new TextStream((text) => {
    seen.push(text.length);
    return [text.length];
  });
  const text = '𝒳'.repeat(2 ** 19);
  const pieces = [...stream.push(text)];
  const rest = stream.finish();
  expect(Math.max(...seen)).toBeLessThanOrEqual(2 ** 16);
  // The stream yields once for each window that it tries, even if the window can't be split.
  expect(pieces.length).toBeGreaterThan(16);
  const lengths = [...pieces.flat(), ...rest];
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(text.length);
  // Each part has an even length, so no surrogate pair is split.
  expect(lengths.every((length) => length % 2 === 0)).toBe(true);
});

test('a text without a place to cut is encoded at the end', () => {
  const seen: number[] = [];
  const stream = new TextStream((text) => {
    seen.push(text.length);
    return [text.length];
  });
  expect([...stream.push('a'.repeat(WINDOW))].flat()).toEqual([]);
  expect(stream.finish()).toEqual([WINDOW]);
  expect(Math.max(...seen)).toBe(WINDOW);
});

test('a prefix is added once', () => {
  const continued: boolean[] = [];
  const stream = new TextStream((text, goesOn) => {
    continued.push(goesOn);
    return [...(goesOn ? [] : [-1]), ...Array.from(text, (character) => character.charCodeAt(0))];
  });
  const text = 'word '.repeat(WINDOW / 2);
  expect(streamed(stream, [text])).toEqual([-1, ...Array.from(text, (character) => character.charCodeAt(0))]);
  expect(continued).toContain(true);
});

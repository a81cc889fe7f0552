import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { cutText, segments, textExamples } from '../../../src/embed/lessons/text_examples';

/** Counts a text's tokens: one for each word, and a special token at each end. */
const words = async (text: string): Promise<number> => text.split(/\s+/).filter((word) => word !== '').length + 2;

const paragraph = (word: string): string => Array.from({ length: 20 }, () => word).join(' ');

describe('a text', () => {
  test('is cut at its paragraphs', async () => {
    const text = `${paragraph('alpha')}\n\n${paragraph('bravo')}\r\n \r\n\n${paragraph('gamma')}\n`;
    expect(await textExamples(text, 30, words)).toEqual([paragraph('alpha'), paragraph('bravo'), paragraph('gamma')]);
  });

  test('keeps a title with what follows, and lines with their paragraph', async () => {
    const text = `Chapter 1\n\n${paragraph('alpha')}\n${paragraph('bravo')}\n\n${paragraph('gamma')}`;
    expect(await textExamples(text, 60, words)).toEqual([
      `Chapter 1\n\n${paragraph('alpha')}\n${paragraph('bravo')}`,
      paragraph('gamma'),
    ]);
  });

  test('is cut at sentences if a paragraph is too long', async () => {
    const sentences = ['One two three four five.', 'Six seven eight nine ten!', 'Eleven twelve thirteen fourteen?'];
    expect(await textExamples(sentences.join(' '), 8, words)).toEqual(sentences);
  });

  test('is cut at words if a sentence is too long, and within a word only if that is too long', () => {
    expect(cutText('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(cutText('Donaudampfschiff', 6)).toEqual(['Donaud', 'ampfsc', 'hiff']);
    expect(cutText('👩‍👩‍👧👩‍👩‍👧', 9)).toEqual(['👩‍👩‍👧', '👩‍👩‍👧']); // a family has eight units, and stays together
  });

  test('may have more lines than a call has arguments', async () => {
    const text = 'a\n'.repeat(200_000);
    expect(cutText(text, 2)).toHaveLength(200_000);
  });

  test('without words gives no examples, and counts no tokens', async () => {
    const count = vi.fn(words);
    expect(await textExamples(' \n\n\t ', 8, count)).toEqual([]);
    expect(count).not.toHaveBeenCalled();
  });

  test('is cut again if the estimate was too high', async () => {
    const text = `${'x'.repeat(4096)}\n\n${paragraph('a')}`; // few tokens at its beginning
    const examples = await textExamples(text, 12, words);
    expect(examples.slice(0, 1)).toEqual(['x'.repeat(4096)]);
    expect(examples.slice(1).join(' ')).toBe(paragraph('a'));
    for (const example of examples) expect(await words(example)).toBeLessThanOrEqual(12);
  });

  test('of empty lines only is cut in linear time', async () => {
    expect(await textExamples(`a${'\n'.repeat(400_000)}b`, 12, words)).toEqual(['a', 'b']); // quadratic time would take minutes
  });

  test('without a line break is segmented in windows, because each segment comes with a copy of its input', async () => {
    const text = '"a12":12, '.repeat(6000);
    let copied = 0;
    const { segment } = Intl.Segmenter.prototype;
    vi.spyOn(Intl.Segmenter.prototype, 'segment').mockImplementation(function (this: Intl.Segmenter, part) {
      const found = segment.call(this, part);
      const counted = function* () {
        for (const one of found) {
          copied += part.length;
          yield one;
        }
      };
      return { containing: (at) => found.containing(at), [Symbol.iterator]: counted } as Intl.Segments;
    });
    expect((await textExamples(text, 16, words)).length).toBeGreaterThan(100);
    vi.restoreAllMocks();
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThan(2048 * text.length);
  });

  test.each([
    ['sentence', `${'A b c. '.repeat(400) + 'x'.repeat(5000)}. D e? `],
    ['word', `${"can't 12,345 naïve 東京 ".repeat(200)}${'x'.repeat(5000)} end`],
    ['grapheme', `${'👍🏽🇫🇷🇩🇪e\u0301\r\n'.repeat(300)}${'a'}${'\u0301'.repeat(3000)}b`],
  ] as const)('has the same %ss, looked through in parts or at once', (granularity, text) => {
    const whole = [...new Intl.Segmenter(undefined, { granularity }).segment(text)].map((found) => found.segment);
    expect(segments(granularity)(text)).toEqual(whole);
  });

  test('loses only space, and has no piece that is too long', async () => {
    const bytes = async (text: string): Promise<number> => new TextEncoder().encode(text).length;
    const signs = fc.constantFrom('a', 'bc', ' ', '. ', '\n', '\n\n', 'ß', '語', '👩‍👩‍👧', 'Schifffahrtsgesellschaft');
    const texts = fc.array(signs, { maxLength: 60 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 18, max: 200 }), async (text, limit) => {
        const examples = await textExamples(text, limit, bytes);
        expect(examples.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
        for (const example of examples) {
          expect(await bytes(example)).toBeLessThanOrEqual(limit);
          expect(example.trim()).toBe(example);
          expect(example).not.toBe('');
        }
      }),
    );
  });
});

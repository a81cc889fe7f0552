import { describe, expect, test } from 'vitest';
import { StreamDecoder } from '../../../src/tokenizer/streaming/stream_decoder';
import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { cpuTime } from '../../helpers/cpu_time';
import { hasStories, openTokenizer, proseFolder, proseText, storiesFolder } from '../../helpers/models/tokenizers';
import { tokenizerJson } from '../small_tokenizers';

const prose = openTokenizer(proseFolder);

function stream(tokenizer: TextTokenizer, ids: readonly number[], prompt: readonly number[] = []): string[] {
  const decoder = new StreamDecoder(tokenizer, prompt);
  return [...ids.map((id) => decoder.push(id)), decoder.finish()];
}

describe('byte-level tokens', () => {
  test('the parts joined are the text', () => {
    const text = proseText(4000);
    expect(stream(prose, prose.encode(text)).join('')).toBe(text);
  });

  test('a character is held back until it is complete', () => {
    const ids = prose.encode('🙂!');
    expect(ids.length).toBeGreaterThan(3);
    const parts = stream(prose, ids);
    expect(parts.join('|')).not.toContain('\uFFFD');
    expect(parts.filter((part) => part !== '')).toEqual(['🙂', '!']);
  });

  test('a character that stays incomplete is returned at the end', () => {
    const ids = prose.encode('a🙂').slice(0, -1);
    expect(stream(prose, ids).join('')).toBe('a\uFFFD');
  });

  test('bytes that never make a character hold the text back for a while only', () => {
    const [first] = prose.encode('🙂');
    const parts = stream(prose, Array(20).fill(first!));
    expect(parts.findIndex((part) => part !== '')).toBe(7);
    expect(parts.join('')).toBe('\uFFFD'.repeat(20));
  });

  test.each(['🙂', '你'])('a prompt that ends within %s is continued by the whole character', (character) => {
    const ids = prose.encode(`a${character}b`);
    const begin = prose.encode('a').length;
    expect(ids.length).toBeGreaterThan(begin + 2);
    for (let cut = begin + 1; cut < ids.length - 1; cut++)
      expect(stream(prose, ids.slice(cut), ids.slice(0, cut)).join('')).toBe(`${character}b`);
  });

  test('a long run of broken characters before others takes a moment', () => {
    const broken = {
      ...prose,
      decode: (ids: readonly number[]) => (ids.length === 0 ? '' : `${'\uFFFD'.repeat(180_000)}b\uFFFD`),
    };
    const decoder = new StreamDecoder(broken as unknown as TextTokenizer);
    decoder.push(1);
    const start = cpuTime();
    expect(decoder.held).toHaveLength(180_001);
    expect(cpuTime() - start).toBeLessThan(1000);
  });

  test('special tokens give no text', () => {
    const ids = prose.encode('Call me');
    const parts = stream(prose, [0, ...ids, 0]);
    expect(parts[0]).toBe('');
    expect(parts.at(-2)).toBe('');
    expect(parts.join('')).toBe('Call me');
  });
});

test('a run of special tokens, new or in the prompt, loses no space after it', () => {
  const tokenizer = createTokenizer(
    tokenizerJson(
      { decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' } },
      { type: 'BPE', vocab: { '<unk>': 1, '▁': 2, '▁a': 3, '▁b': 4 }, merges: [] },
    ),
  );
  const [gap, a, b, run] = [[2], [3], [4], Array<number>(20).fill(0)];
  expect(stream(tokenizer, [...run, ...a, ...run, ...b]).join('|')).toBe(`${'|'.repeat(20)}a${'|'.repeat(21)} b|`);
  expect(stream(tokenizer, b, [...a, ...run])).toEqual([' b', '']);
  expect(stream(tokenizer, b, run)).toEqual(['b', '']);
  expect(stream(tokenizer, [...gap, ...b]).join('')).toBe(' b');
});

describe.runIf(hasStories)('▁-tokens', () => {
  test('keep the space after a prompt, and have none at the start of a text', () => {
    const stories = openTokenizer(storiesFolder);
    const ids = stories.encode('Once upon a time');
    expect(stream(stories, ids).join('')).toBe('Once upon a time');
    expect(stream(stories, ids.slice(2), ids.slice(0, 2)).join('')).toBe(' upon a time');
  });

  test('the parts joined are the text', () => {
    const stories = openTokenizer(storiesFolder);
    const text = proseText(3000);
    expect(stream(stories, stories.encode(text)).join('')).toBe(text);
  });
});

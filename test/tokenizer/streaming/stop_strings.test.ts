import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { StopStrings } from '../../../src/tokenizer/streaming/stop_strings';
import type { TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { openTokenizer, proseFolder, proseText, spacedTokenizer } from '../../helpers/models/tokenizers';

interface Row {
  readonly situation: string;
  readonly prompt: number;
  readonly stop_strings: readonly string[];
  readonly length: number | null;
}
interface Golden {
  readonly ids: readonly number[];
  readonly rows: readonly Row[];
}
const golden = JSON.parse(readFileSync('test/golden/stop_strings.json', 'utf8')) as Golden;

const prose = openTokenizer(proseFolder);
const spaced = spacedTokenizer();

/** Returns the number of new tokens after which a stop string ends the text; null if none does. */
function lengthOf(
  tokenizer: TextTokenizer,
  ids: readonly number[],
  strings: readonly string[],
  prompt: readonly number[] = [],
): number | null {
  const stops = new StopStrings(tokenizer, prompt, strings);
  const at = ids.findIndex((id) => stops.push(id));
  return at < 0 ? null : at + 1;
}

describe('transformers ends a text there', () => {
  test.each(golden.rows.map((row) => [row.situation, row] as const))('%s', (_, { prompt, stop_strings, length }) => {
    const { ids } = golden;
    expect(lengthOf(prose, ids.slice(prompt), stop_strings, ids.slice(0, prompt))).toBe(length);
  });
});

describe.each([
  ['byte-level tokens', prose, proseText(1500)],
  ['▁-tokens', spaced, 'the cat, the hat and 12 的一 in 🙂 the é end. '.repeat(4)],
])('%s', (_, tokenizer, text) => {
  const ids = tokenizer.encode(text);
  const whole = tokenizer.decode(ids);
  /** Returns the number of tokens after which the text contains the string. */
  const firstWith = (string: string) => {
    const at = ids.findIndex((_, i) => tokenizer.decode(ids.slice(0, i + 1)).includes(string));
    return at < 0 ? null : at + 1;
  };

  test('every piece of the text is found at the token that completes it', () => {
    for (let from = 1; from < 150; from++) {
      for (const length of [1, 2, 5, 17]) {
        const string = [...whole.slice(from, from + length)].join('');
        if (/\p{Cs}/u.test(string)) continue;
        expect(lengthOf(tokenizer, ids, [string]), string).toBe(firstWith(string));
      }
    }
  });

  test('a stop string may begin in the prompt, but must end after it', () => {
    const cut = 12;
    const prompt = ids.slice(0, cut);
    const before = tokenizer.decode(prompt);
    const over = whole.slice(before.length - 4, before.length + 1);
    expect(lengthOf(tokenizer, ids.slice(cut), [over], prompt)).toBe(1);
    const unknown = 'never, ever';
    expect(lengthOf(tokenizer, tokenizer.encode(unknown), [before.slice(-6)], prompt)).toBe(null);
  });

  test('the longest string over many tokens is found, in time', () => {
    const many = tokenizer.encode('the cat, the hat. '.repeat(400));
    const text = tokenizer.decode(many);
    const strings = Array.from({ length: 64 }, (_, i) => text.slice(5 + i, 1028 + i).concat(i === 20 ? '' : '!'));
    const found = lengthOf(tokenizer, many, strings);
    expect(tokenizer.decode(many.slice(0, found ?? 0))).toContain(strings[20]);
    expect(tokenizer.decode(many.slice(0, (found ?? 1) - 1))).not.toContain(strings[20]);
  });
});

test('text before an incomplete character counts', () => {
  const ids = prose.encode('stop🙂');
  const parts = ids.length - prose.encode('stop').length;
  expect(parts).toBeGreaterThan(1);
  const [token] = prose.encode(' e');
  // One token decodes to `stop` and the first bytes of a character.
  const joined: TextTokenizer = {
    ...prose,
    decode: (given, options) =>
      prose.decode(
        given.flatMap((id) => (id === token ? ids.slice(0, -1) : [id])),
        options,
      ),
  };
  expect(lengthOf(joined, [token!, ids.at(-1)!], ['stop'])).toBe(1);
  expect(lengthOf(joined, [token!, ids.at(-1)!], ['p🙂'])).toBe(2);
});

test('special tokens match by their text', () => {
  const ids = spaced.encode('the');
  expect(lengthOf(spaced, [...ids, 2], ['</s>'])).toBe(ids.length + 1);
  expect(lengthOf(spaced, [...ids, 2], ['e</'])).toBe(ids.length + 1);
});

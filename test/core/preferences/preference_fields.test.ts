import { describe, expect, test } from 'vitest';
import { isPreferred } from '../../../src/core/preferences/preference_fields';
import { exampleFields } from '../../../src/core/types/example';

const asked = [{ role: 'user', content: 'Who are you?' }];
const said = (content: string) => [{ role: 'assistant', content }];

describe('pairs and ratings', () => {
  test.each<[string, object]>([
    ['a pair of texts', { prompt: 'a', chosen: 'b', rejected: 'c' }],
    ['a rated text', { prompt: 'a', completion: 'b', label: false }],
    ['a pair of answers', { prompt: asked, chosen: said('b'), rejected: said('c') }],
    ['a rated answer with a weight', { prompt: asked, completion: said('b'), label: true, weight: 0 }],
    ['a truncated text', { prompt: 'a', completion: 'b', label: true, truncated: true }],
    ['truncated answers', { prompt: asked, chosen: said('b'), rejected: said('c'), truncated: true }],
  ])('are copied: %s', (_, example) => {
    const fields = exampleFields('a', { ...example, other: 1 });
    expect(fields).toEqual(example);
    expect(isPreferred(fields)).toBe(true);
  });

  test('are no examples by likelihood, whose other labels are ignored', () => {
    const fields = exampleFields('a', { prompt: 'a', completion: 'b', label: 1 });
    expect(fields).toEqual({ prompt: 'a', completion: 'b' });
    expect(isPreferred(fields)).toBe(false);
  });

  test.each<[string, object, RegExp]>([
    ['a text after messages', { prompt: asked, completion: 'b', label: true }, /^a: completion: expected messages/],
    ['messages after a text', { prompt: 'a', chosen: 'b', rejected: said('c') }, /^a: rejected: expected a text/],
    ['a number', { prompt: 7, completion: 'b', label: true }, /^a: prompt: expected a string, or an array/],
    [
      'a word in place of true',
      { prompt: 'a', chosen: 'b', rejected: 'c', truncated: 'yes' },
      /^a: truncated: expected true/,
    ],
    ['a negative weight', { prompt: 'a', completion: 'b', label: true, weight: -1 }, /^a: weight: expected a finite/],
  ])('are refused with %s', (_, example, message) => {
    expect(() => exampleFields('a', example)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { Fields, isJsonObject } from '../../../src/core/input/fields';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const fields = new Fields(
  { n: 3, half: 0.5, yes: true, text: 'x', none: null, nested: { n: 0 }, list: [1, 2] },
  'f.json',
);
const codeOf = (body: () => unknown) => codeThrownBy(body);

describe('Fields', () => {
  test('reads present fields', () => {
    expect(fields.positiveInteger('n')).toBe(3);
    expect(fields.positiveNumber('half')).toBe(0.5);
    expect(fields.boolean('yes', false)).toBe(true);
    expect(fields.string('text')).toBe('x');
    expect(fields.optionalString('absent')).toBeUndefined();
    expect(fields.tokenId('n', 4, null)).toBe(3);
    expect(fields.tokenIds('list', 3, [])).toEqual([1, 2]);
    expect(fields.tokenIds('list', 2, [])).toEqual([1]);
    expect(fields.tokenIds('n', 4, [])).toEqual([3]);
    expect(fields.has('none')).toBe(true);
    expect(fields.has('absent')).toBe(false);
  });
  test('gives the fallback for null and for a missing field', () => {
    for (const key of ['none', 'absent']) {
      expect(fields.positiveInteger(key, { fallback: 7 })).toBe(7);
      expect(fields.positiveNumber(key, { fallback: 0.1 })).toBe(0.1);
      expect(fields.boolean(key, true)).toBe(true);
      expect(fields.object(key)).toBeUndefined();
    }
  });
  test('distinguishes null from a missing field only for tokens', () => {
    expect(fields.tokenId('none', 4, 2)).toBeNull();
    expect(fields.tokenId('absent', 4, 2)).toBe(2);
    expect(fields.tokenIds('none', 4, [2])).toEqual([]);
    expect(fields.tokenIds('absent', 4, [2])).toEqual([2]);
  });
  test.each([
    ['an integer that is none', () => fields.positiveInteger('half')],
    ['an integer above the range', () => fields.positiveInteger('n', { max: 2 })],
    ['a missing integer', () => fields.positiveInteger('absent')],
    ['a number above the range', () => fields.positiveNumber('n', { max: 2.9 })],
    ['a text for a number', () => fields.positiveNumber('text')],
    ['a text for a flag', () => fields.boolean('text', true)],
    ['a number for a text', () => fields.string('n')],
    ['a list for an object', () => fields.object('list')],
    ['a token beyond the vocabulary', () => fields.tokenId('n', 3, null)],
    ['a text for a token', () => fields.tokenIds('text', 2, [])],
  ])('refuses %s', (_, body) => expect(codeOf(body)).toBe('invalid_format'));

  test('ignores the prototype', () => {
    expect(fields.get('constructor')).toBeUndefined();
    expect(fields.has('toString')).toBe(false);
    expect(fields.optionalString('__proto__')).toBeUndefined();
  });
  test('names the path of a nested field', () => {
    expect(() => fields.object('nested')?.positiveInteger('n', { max: 5 })).toThrow(
      'f.json: nested: n: expected an integer from 1 to 5, got 0',
    );
  });
  test('keeps messages short', () => {
    const long = new Fields({ a: 'x'.repeat(10_000) }, 'f.json');
    expect(() => long.positiveInteger('a')).toThrow(/^.{0,200}$/);
  });
});

test('isJsonObject', () => {
  expect([{}, Object.create(null)].every(isJsonObject)).toBe(true);
  expect([null, [], 'x', 1, undefined].some(isJsonObject)).toBe(false);
});

import { expect, test } from 'vitest';
import { dictionaryOf } from '../../scripts/fuzz/dictionary.mjs';

test('each word of a corpus is listed once, keys with their colon, in the format of libFuzzer', () => {
  const lines = dictionaryOf(['{"r" : 1, "a\\"é": ["r", "r"]}', `{"${'x'.repeat(50)}":"r"}`])
    .trimEnd()
    .split('\n');
  expect(lines.every((line) => /^"(?:[ !#-[\]-~]|\\x[0-9a-f]{2})+"$/.test(line))).toBe(true);
  expect(lines).toEqual(expect.arrayContaining(['"\\x22r\\x22 :"', '"\\x22a\\x5c\\x22\\xe9\\x22:"', '"\\x22r\\x22"']));
  expect(lines).toContain('"\\x22__proto__\\x22:"');
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.join()).not.toContain('x'.repeat(50));
});

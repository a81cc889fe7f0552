import { describe, expect, test } from 'vitest';
import { pythonJson } from '../../src/formats/python_json';

describe('pythonJson', () => {
  test('indents by two, sorts keys at every level and keeps empty lists on one line', () => {
    expect(pythonJson({ b: [1, 'x', null], a: { d: true, c: [] }, e: {} })).toBe(
      '{\n  "a": {\n    "c": [],\n    "d": true\n  },\n  "b": [\n    1,\n    "x",\n    null\n  ],\n  "e": {}\n}',
    );
  });

  test('leaves undefined fields out, as JSON does', () => {
    expect(pythonJson({ a: undefined, b: 1 })).toBe('{\n  "b": 1\n}');
  });

  test('keeps the order of fields in which it has a meaning', () => {
    expect(pythonJson({ b: { z: 1, a: { d: 2, c: 3 } }, a: { z: 1, a: 2 } }, { ordered: ['b'] })).toBe(
      '{\n  "a": {\n    "a": 2,\n    "z": 1\n  },\n  "b": {\n    "z": 1,\n    "a": {\n      "c": 3,\n      "d": 2\n    }\n  }\n}',
    );
  });

  // The texts are those that Python's `repr` returns.
  test.each([
    [0, '0.0'],
    [1, '1.0'],
    [0.1, '0.1'],
    [-2.5, '-2.5'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.25e100, '1.25e+100'],
  ])('writes the float %d as %s', (value, expected) => {
    expect(pythonJson({ x: value, n: 1 }, { floats: ['x'] })).toBe(`{\n  "n": 1,\n  "x": ${expected}\n}`);
  });

  test('escapes all but printable ASCII', () => {
    expect(pythonJson('"é\u007f\n\u0001😀\\')).toBe('"\\"\\u00e9\\u007f\\n\\u0001\\ud83d\\ude00\\\\"');
  });
});

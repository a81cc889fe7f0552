import { describe, expect, test } from 'vitest';
import { parseJsonObject } from '../../src/formats/json';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string, limit?: number) => parseJsonObject(bytes(text), 'config.json', limit);

describe('parseJsonObject', () => {
  test('reads an object, with or without a byte order mark', () => {
    expect({ ...parse('{"a":[1,{"b":null}]}') }).toEqual({ a: [1, { b: null }] });
    expect({ ...parse('\uFEFF{"a":1}') }).toEqual({ a: 1 });
  });

  test('takes __proto__ for a key like any other', () => {
    const json = parse('{"__proto__":{"hidden_size":4},"a":{"__proto__":1,"constructor":2}}');
    expect(Object.getPrototypeOf(json)).toBeNull();
    expect(json.hidden_size).toBeUndefined();
    expect(Object.keys(json)).toEqual(['__proto__', 'a']);
    expect(Object.keys(json.a as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).hidden_size).toBeUndefined();
  });

  test('freezes all of it', () => {
    const json = parse('{"a":[{"b":1}]}');
    const list = json.a as Record<string, unknown>[];
    for (const part of [json, list, list[0]]) expect(Object.isFrozen(part)).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['a page', '<!doctype html>'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"a"'],
    ['a cut object', '{"a":'],
    ['65 levels', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
    ['100,000 levels', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('refuses %s', (_, text) => {
    expect(codeThrownBy(() => parse(text))).toBe('invalid_format');
  });

  test('refuses what is not UTF-8', () => {
    const broken = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    expect(codeThrownBy(() => parseJsonObject(broken, 'config.json'))).toBe('invalid_format');
  });

  test('holds the limit to the byte', () => {
    expect({ ...parse('{"a":1}', 7) }).toEqual({ a: 1 });
    expect(codeThrownBy(() => parse('{"a":1}', 6))).toBe('limit_exceeded');
  });

  test('names the file', () => {
    expect(() => parse('[]')).toThrow('config.json: expected a JSON object, got an array');
  });
});

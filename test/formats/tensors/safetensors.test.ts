import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { parseHeader } from '../../../src/formats/tensors/safetensors_header';
import { codeThrownBy, fileOf } from '../../helpers/bytes/safetensors_bytes';
import { cpuTime } from '../../helpers/cpu_time';

const T = '{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}';
const at = (begin: number | string, end: number | string, shape = '[2,2]', dtype = '"F32"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":[${begin},${end}]}`;
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('what the reference rejects', () => {
  const rejected: [string, Uint8Array][] = [
    ['an empty file', new Uint8Array(0)],
    ['7 bytes', new Uint8Array(7)],
    ['N = 0 alone', new Uint8Array(8)],
    ['N = 0 with data', new Uint8Array(24)],
    ['N larger than the file', fileOf('{}', 0, 60n)],
    ['N = 60 without a header', fileOf('', 0, 60n)],
    ['N huge', fileOf('{}', 0, 0xffffff000000003cn)],
    ['N = 100,000,001', fileOf('{}', 0, 100_000_001n)],
    ['a header that is not UTF-8', fileOf(Uint8Array.of(0xff))],
    ['{ alone', fileOf('{')],
    ['an array', fileOf('[]')],
    ['null', fileOf('null')],
    ['a string', fileOf('"a"')],
    ['a byte order mark', fileOf('\uFEFF{}')],
    ['padding with NUL', fileOf('{}\0\0\0\0\0\0')],
    ['text behind the object', fileOf('{}x')],
    ['two objects', fileOf('{}{}')],
    ['full overlap', fileOf(`{"a":${T},"b":${T}}`, 16)],
    ['partial overlap', fileOf(`{"a":${T},"b":${at(8, 24)}}`, 24)],
    ['ten tensors at one place', fileOf(`{${Array.from({ length: 10 }, (_, i) => `"w_${i}":${T}`)}}`, 16)],
    ['a hole between', fileOf(`{"a":${T},"b":${at(20, 36)}}`, 36)],
    ['a hole at the start', fileOf(`{"a":${at(4, 20)}}`, 20)],
    ['data behind the last tensor', fileOf(`{"a":${T}}`, 17)],
    ['data behind no tensor', fileOf('{}', 1)],
    ['2 bytes missing', fileOf(`{"a":${T}}`, 14)],
    ['a size too small', fileOf(`{"a":${at(0, 4, '[2,2]', '"I32"')}}`, 4)],
    ['a size too big', fileOf(`{"a":${at(0, 20)}}`, 20)],
    ['an end before the begin', fileOf(`{"a":${at(16, 0)}}`, 16)],
    ['a negative offset', fileOf(`{"a":${at(-16, 0)}}`, 16)],
    ['a negative dimension', fileOf(`{"a":${at(0, 16, '[-2,-2]')}}`, 16)],
    ['a dimension 2.0', fileOf(`{"a":${at(0, 16, '[2.0,2]')}}`, 16)],
    ['an offset 16.0', fileOf(`{"a":${at(0, '16.0')}}`, 16)],
    ['a dimension 2e0', fileOf(`{"a":${at(0, 16, '[2e0,2]')}}`, 16)],
    ['a dimension as a string', fileOf(`{"a":${at(0, 16, '["2",2]')}}`, 16)],
    ['overflow of the count', fileOf(`{"a":${at(0, 16, '[2,18446744073709551614]')}}`, 16)],
    ['overflow of the bytes', fileOf(`{"a":${at(0, 16, '[2,9223372036854775807]')}}`, 16)],
    ['a dimension above u64', fileOf(`{"a":${at(0, 16, '[1,18446744073709551616]')}}`, 16)],
    ['overflow before a zero dimension', fileOf(`{"a":${at(0, 0, '[9007199254740991,9007199254740991,0]')}}`)],
    ['an unknown dtype', fileOf(`{"a":${at(0, 16, '[2,2]', '"F31"')}}`, 16)],
    ['a lower-case dtype', fileOf(`{"a":${at(0, 16, '[2,2]', '"f32"')}}`, 16)],
    ['a dtype from the prototype', fileOf(`{"a":${at(0, 16, '[2,2]', '"constructor"')}}`, 16)],
    ['no dtype', fileOf('{"a":{"shape":[2,2],"data_offsets":[0,16]}}', 16)],
    ['no shape', fileOf('{"a":{"dtype":"F32","data_offsets":[0,16]}}', 16)],
    ['no offsets', fileOf('{"a":{"dtype":"F32","shape":[2,2]}}', 16)],
    ['three offsets', fileOf('{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16,16]}}', 16)],
    ['one offset', fileOf('{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[16]}}', 16)],
    ['an info null', fileOf('{"a":null}')],
    ['metadata with a number', fileOf('{"__metadata__":{"a":1}}')],
    ['metadata with an object', fileOf('{"__metadata__":{"a":{}}}')],
    ['metadata as an array', fileOf('{"__metadata__":["a"]}')],
    ['metadata as a string', fileOf('{"__metadata__":"a"}')],
    ['two metadata', fileOf('{"__metadata__":{},"__metadata__":{}}')],
    ['a field twice', fileOf('{"a":{"dtype":"F32","dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}', 16)],
    ['half a surrogate pair in a name', fileOf(`{"\\ud800":${T}}`, 16)],
    ['200 levels', fileOf(nested(200))],
    ['a comment', fileOf(`{/**/"a":${T}}`, 16)],
    ['single quotes', fileOf(`{'a':${T}}`, 16)],
    ['NaN', fileOf(`{"a":${at(0, 'NaN')}}`, 16)],
    ['a leading zero', fileOf(`{"a":${at(0, 16, '[02,2]')}}`, 16)],
    ['-0', fileOf(`{"a":${at('-0', 16)}}`, 16)],
    ['a trailing comma', fileOf(`{"a":${T},}`, 16)],
    ['a raw line feed in a name', fileOf(`{"a\n":${T}}`, 16)],
    ['a bad escape', fileOf(`{"\\x":${T}}`, 16)],
    ['a sub-byte tensor that ends inside a byte', fileOf(`{"a":${at(0, 2, '[1,3]', '"F4"')}}`, 2)],
    ['a sub-byte tensor with too many bytes', fileOf(`{"a":${at(0, 2, '[1,2]', '"F4"')}}`, 2)],
  ];
  test.each(rejected)('%s', (_, file) => {
    expect(codeThrownBy(() => readSafetensors(file))).toBe('invalid_format');
  });
});

describe('what we reject beyond the reference', () => {
  const stricter: [string, Uint8Array][] = [
    ['an unknown field', fileOf('{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16],"x":1}}', 16)],
    ['an info as an array', fileOf('{"a":["F32",[2,2],[0,16]]}', 16)],
    ['a name twice', fileOf(`{"a":${T},"a":${T}}`, 16)],
    ['a name twice, once in escapes', fileOf(`{"a":${T},"\\u0061":${T}}`, 16)],
    ['a metadata key twice', fileOf('{"__metadata__":{"a":"","a":""}}')],
    ['a name with NUL', fileOf(`{"a\\u0000":${T}}`, 16)],
    ['a name of 513 characters', fileOf(`{"${'a'.repeat(513)}":${T}}`, 16)],
    ['rank 9', fileOf(`{"a":${at(0, 16, '[1,1,1,1,1,1,1,2,2]')}}`, 16)],
    ['rank 1000', fileOf(`{"a":${at(0, 4, `[${Array(1000).fill(1)}]`)}}`, 4)],
    ['2^53 + 1 beside a zero', fileOf(`{"a":${at(0, 0, '[9007199254740993,0]')}}`)],
  ];
  test.each(stricter)('%s', (_, file) => {
    expect(codeThrownBy(() => readSafetensors(file))).toBe('invalid_format');
  });
});

describe('what must be accepted', () => {
  const accepted: [string, Uint8Array, string[]][] = [
    ['no tensor', fileOf('{}'), []],
    ['white space around', fileOf(' \t\r\n{} \t\r\n'), []],
    ['white space within', fileOf(`{ "a" :\n${T.replaceAll(',', ' , ')} }`, 16), ['a']],
    ['metadata null', fileOf('{"__metadata__":null}'), []],
    ['a scalar', fileOf(`{"a":${at(0, 4, '[]')}}`, 4), ['a']],
    ['a zero dimension', fileOf(`{"a":${at(0, 0, '[2,0]')}}`), ['a']],
    ['a zero dimension before an overflow', fileOf(`{"a":${at(0, 0, '[0,9007199254740991,8]')}}`), ['a']],
    ['zero-size tensors at one place', fileOf(`{"a":${at(0, 0, '[0]')},"b":${at(0, 0, '[0]')}}`), ['a', 'b']],
    [
      'a zero-size tensor between',
      fileOf(`{"b":${at(16, 32)},"z":${at(16, 16, '[0]')},"a":${T}}`, 32),
      ['a', 'z', 'b'],
    ],
    ['a header of odd length', fileOf(`{"ab":${T}}`, 16), ['ab']],
    ['unsorted offsets', fileOf(`{"b":${at(16, 32)},"a":${T}}`, 32), ['a', 'b']],
    ['F32 at offset 2', fileOf(`{"b":${at(2, 18)},"a":${at(0, 2, '[1]', '"F16"')}}`, 18), ['a', 'b']],
    ['the name __proto__', fileOf(`{"__proto__":${T}}`, 16), ['__proto__']],
    ['the name constructor', fileOf(`{"constructor":${T}}`, 16), ['constructor']],
    ['an empty name', fileOf(`{"":${T}}`, 16), ['']],
    ['an escaped name', fileOf(`{"\\ud83d\\ude00\\"":${T}}`, 16), ['😀"']],
    ['BOOL byte 2', fileOf(`{"a":${at(0, 1, '[1]', '"BOOL"')}}`, 1).fill(2, -1), ['a']],
    ['NaN values', fileOf(`{"a":${T}}`, 16).fill(0xff, -16), ['a']],
    ['two halves of a byte', fileOf(`{"a":${at(0, 1, '[1,2]', '"F4"')}}`, 1), ['a']],
    ['rank 8', fileOf(`{"a":${at(0, 16, '[1,1,1,1,1,1,2,2]')}}`, 16), ['a']],
  ];
  test.each(accepted)('%s', (_, file, names) => {
    expect([...readSafetensors(file).tensors.keys()]).toEqual(names);
  });
});

describe('limits', () => {
  const limits = { safetensorsHeader: 100, tensors: 2 };
  const many = (count: number) =>
    fileOf(`{${Array.from({ length: count }, (_, i) => `"${i}":${at(0, 0, '[0]', '"U8"')}`)}}`);

  test('a header above the limit is refused before it is read', () => {
    expect(codeThrownBy(() => parseHeader(fileOf(' '.repeat(101)).subarray(0, 8), 109, limits))).toBe('limit_exceeded');
    expect(codeThrownBy(() => parseHeader(fileOf(`{}${' '.repeat(98)}`), 108, limits))).toBeUndefined();
  });
  test('tensors above the limit are refused', () => {
    const wide = { ...limits, safetensorsHeader: 1000 };
    expect(codeThrownBy(() => readSafetensors(many(3), wide))).toBe('limit_exceeded');
    expect(readSafetensors(many(2), wide).tensors.size).toBe(2);
  });
  test('an attack of 100,000 overlapping tensors ends at once', () => {
    const file = fileOf(`{${Array.from({ length: 100_000 }, (_, i) => `"w_${i}":${T}`)}}`, 16);
    const started = cpuTime();
    expect(codeThrownBy(() => readSafetensors(file))).toBe('invalid_format');
    expect(cpuTime() - started).toBeLessThan(10_000);
  });
});

describe('too many tensors are refused within 50 ms', () => {
  const header = (count: number, size: number): Uint8Array => {
    const entry = (_: unknown, i: number) =>
      `"t${i}":{"dtype":"U8","shape":[${size}],"data_offsets":[${i * size},${(i + 1) * size}]}`;
    return fileOf(`{${Array.from({ length: count }, entry).join(',')}}`);
  };

  test.each([
    ['200,000 without elements', header(200_000, 0)],
    ['200,001 of a byte', header(200_001, 1)],
  ])('%s', (_, bytes) => {
    const timed = () => {
      const start = cpuTime();
      expect(codeThrownBy(() => parseHeader(bytes, undefined))).toBe('limit_exceeded');
      return cpuTime() - start;
    };
    // Other work on the machine can only add to a measurement, so the smallest measurement counts.
    expect(Math.min(...Array.from({ length: 5 }, timed))).toBeLessThan(50);
  });

  test('1,000 without elements are read', () => {
    expect(parseHeader(header(1000, 0), undefined).tensors.size).toBe(1000);
  });
});

test('any header is read or refused with a code', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"dtype"',
    '"F32"',
    '"shape"',
    '"data_offsets"',
    '0',
    '4',
    '2.0',
    ' ',
  );
  const entry = fc.record({
    dtype: fc.constantFrom('F32', 'U8', 'X'),
    shape: fc.array(fc.nat(4), { maxLength: 9 }),
    data_offsets: fc.array(fc.nat(40), { maxLength: 3 }),
  });
  const header = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    fc
      .dictionary(fc.string({ maxLength: 5 }), fc.oneof(entry, fc.jsonValue()), { maxKeys: 5 })
      .map((json) => JSON.stringify(json)),
  );
  fc.assert(
    fc.property(header, fc.option(fc.nat(200), { nil: undefined }), (text, size) => {
      const code = codeThrownBy(() => parseHeader(fileOf(text), size));
      expect([undefined, 'invalid_format', 'limit_exceeded']).toContain(code);
    }),
    { numRuns: 500 },
  );
});

test('a header may be parsed without the size of the file, and then gives it', () => {
  const file = fileOf(`{"__metadata__":{"format":"pt"},"a":${T}}`, 16);
  const header = parseHeader(file.subarray(0, file.length - 16), undefined);
  expect(header.fileSize).toBe(file.length);
  expect(header.dataOffset).toBe(file.length - 16);
  expect(header.metadata).toEqual(new Map([['format', 'pt']]));
  expect(header.tensors.get('a')).toEqual({ name: 'a', dtype: 'F32', shape: [2, 2], begin: 0, end: 16 });
});

test('messages are short and quote the input', () => {
  const file = fileOf(`{"a":{"dtype":"${'<script>'.repeat(1000)}","shape":[2,2],"data_offsets":[0,16]}}`, 16);
  expect(() => readSafetensors(file)).toThrow(/^.{0,300}$/);
  expect(() => readSafetensors(fileOf('{"a": 1}'))).toThrow('safetensors header at 6: expected "{", got "1}"');
});

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteSize, type Dtype, dtypes } from '../../../src/formats/tensors/dtype';
import { type RawTensor, readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { codeThrownBy, fileOf } from '../../helpers/bytes/safetensors_bytes';

const files = readdirSync('test/golden', { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.safetensors'),
);

describe('files that PEFT and transformers wrote', () => {
  test('exist', () => expect(files.length).toBeGreaterThan(4));
  test.each(files)('%s is written again byte by byte', (path) => {
    const bytes = new Uint8Array(readFileSync(`test/golden/${path}`));
    const { tensors, metadata } = readSafetensors(bytes);
    expect(tensors.size).toBeGreaterThan(0);
    // The order in the written file must not depend on the order of the given tensors.
    const shuffled = [...tensors].toReversed();
    expect(Buffer.compare(writeSafetensors(shuffled, metadata), bytes)).toBe(0);
  });
});

describe('writing', () => {
  const tensor = (dtype: Dtype, shape: number[], fill = 1): RawTensor => {
    return { dtype, shape, bytes: new Uint8Array(byteSize(dtype, shape) ?? 0).fill(fill) };
  };

  test('sorts by falling alignment, then by the bytes of the names', () => {
    const written = writeSafetensors([
      ['u8', tensor('U8', [3])],
      ['\uFF5E', tensor('F32', [1])],
      ['😀', tensor('F32', [1])],
      ['b', tensor('F32', [1])],
      ['a', tensor('BF16', [1])],
      ['z', tensor('I64', [1])],
      ['c', tensor('F16', [1])],
    ]);
    expect([...readSafetensors(written).tensors.keys()]).toEqual(['z', 'b', '\uFF5E', '😀', 'a', 'c', 'u8']);
  });
  test('pads the header with spaces to a multiple of eight', () => {
    const written = writeSafetensors([['a', tensor('F32', [1])]]);
    const length = new DataView(written.buffer).getUint32(0, true);
    expect(length % 8).toBe(0);
    const text = new TextDecoder().decode(written.subarray(8, 8 + length));
    expect(text.trimEnd()).toBe('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
    expect(text).toMatch(/^\S+ *$/);
  });
  test('keeps odd metadata keys', () => {
    const metadata = new Map([
      ['b', 'é"\n'],
      ['__proto__', 'x'],
      ['1', ''],
    ]);
    expect(readSafetensors(writeSafetensors([], metadata)).metadata).toEqual(metadata);
  });
  test('refuses bytes that do not fit, and names that no file can hold', () => {
    const wrong: RawTensor = { dtype: 'F32', shape: [2], bytes: new Uint8Array(7) };
    expect(codeThrownBy(() => writeSafetensors([['a', wrong]]))).toBe('invalid_argument');
    expect(codeThrownBy(() => writeSafetensors([['__metadata__', tensor('F32', [1])]]))).toBe('invalid_argument');
    expect(codeThrownBy(() => writeSafetensors([['\ud800', tensor('F32', [1])]]))).toBe('invalid_argument');
  });
});

const arbitraryTensor = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }))
  .map(([dtype, shape]) => ({ dtype, shape: byteSize(dtype, shape) === undefined ? [...shape, 8] : shape }))
  .chain(({ dtype, shape }) => {
    const length = byteSize(dtype, shape) ?? 0;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes): RawTensor => ({ dtype, shape, bytes: new Uint8Array(bytes) }));
  });
const arbitraryName = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((name) => !/\p{Cc}|\p{Surrogate}/u.test(name) && name !== '__metadata__');
const arbitraryTensors = fc.uniqueArray(fc.tuple(arbitraryName, arbitraryTensor), {
  maxLength: 6,
  selector: ([name]) => name,
});

describe('any tensors', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(arbitraryTensors, (tensors) => {
        const read = readSafetensors(writeSafetensors(tensors)).tensors;
        expect(read.size).toBe(tensors.length);
        for (const [name, { dtype, shape, bytes }] of tensors) {
          const back = read.get(name);
          expect(back?.dtype).toBe(dtype);
          expect(back?.shape).toEqual(shape);
          expect(Buffer.compare(back?.bytes ?? new Uint8Array(), bytes)).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('never throw anything but the two codes after a mutation', () => {
    const mutation = fc.record({
      position: fc.double({ min: 0, max: 1, noNaN: true }),
      kind: fc.constantFrom('set', 'cut', 'insert', 'remove'),
      byte: fc.oneof(
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(...new TextEncoder().encode('{}[]",:0129e-\\u ')),
      ),
    });
    fc.assert(
      fc.property(arbitraryTensors, fc.array(mutation, { minLength: 1, maxLength: 4 }), (tensors, mutations) => {
        let bytes = [...writeSafetensors(tensors, new Map([['format', 'pt']]))];
        for (const { position, kind, byte } of mutations) {
          const index = Math.min(bytes.length - 1, Math.floor(position * bytes.length));
          if (kind === 'cut') bytes = bytes.slice(0, index);
          else if (kind === 'set') bytes[index] = byte;
          else bytes.splice(index, kind === 'remove' ? 1 : 0, ...(kind === 'insert' ? [byte] : []));
          if (bytes.length === 0) break;
        }
        const code = codeThrownBy(() => readSafetensors(Uint8Array.from(bytes)));
        expect([undefined, 'invalid_format', 'limit_exceeded']).toContain(code);
      }),
      { numRuns: 1000 },
    );
  });

  test('arbitrary bytes and arbitrary headers never throw anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.json(), fc.nat(16), (bytes, json, data) => {
        for (const file of [new Uint8Array(bytes), fileOf(new Uint8Array(bytes)), fileOf(json, data)]) {
          const code = codeThrownBy(() => readSafetensors(file));
          expect([undefined, 'invalid_format', 'limit_exceeded']).toContain(code);
        }
      }),
      { numRuns: 500 },
    );
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  generateProjections,
  type ProjectionKey,
  type Projections,
  roundingOf,
  roundProjections,
} from '../../../src/adapters/vera/projections/projections';

interface Matrix {
  readonly shape: readonly [number, number];
  readonly sha256: string;
  readonly sha256_unfused: string;
  readonly first_bits: readonly string[];
  readonly last_bits: readonly string[];
  readonly first_unfused_bits: readonly string[];
}
interface Row {
  readonly key: string;
  readonly r: number;
  readonly in: number;
  readonly out: number;
  readonly vera_A: Matrix;
  readonly vera_B: Matrix;
}

const golden = JSON.parse(readFileSync('test/golden/prng.json', 'utf8')) as { readonly rows: readonly Row[] };

const sha256 = (values: Float32Array) => createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
const bits = (values: Float32Array) =>
  Array.from(new Uint32Array(values.slice().buffer), (word) => word.toString(16).padStart(8, '0'));
const keyOf = (projection_prng_key: number, r: number, max_in: number, max_out: number): ProjectionKey => ({
  projection_prng_key,
  r,
  max_in,
  max_out,
});

// The golden rows describe the random matrices that PEFT generates for many keys and shapes, over 100 million values in all.
describe.each(golden.rows)('PEFT for key $key, r $r, in $in, out $out', (row) => {
  const key = keyOf(Number(row.key), row.r, row.in, row.out);

  test('fused', () => {
    const { A, B } = generateProjections(key);
    for (const [values, expected] of [[A, row.vera_A] as const, [B, row.vera_B] as const]) {
      expect(bits(values.subarray(0, expected.first_bits.length))).toEqual(expected.first_bits);
      expect(bits(values.subarray(-expected.last_bits.length))).toEqual(expected.last_bits);
      expect(values.length).toBe(expected.shape[0] * expected.shape[1]);
      expect(sha256(values)).toBe(expected.sha256);
    }
  });

  test('unfused', () => {
    const { A, B } = generateProjections(key, { fused: false });
    for (const [values, expected] of [[A, row.vera_A] as const, [B, row.vera_B] as const]) {
      expect(bits(values.subarray(0, expected.first_unfused_bits.length))).toEqual(expected.first_unfused_bits);
      expect(sha256(values)).toBe(expected.sha256_unfused);
    }
  });
});

describe('torch 2.6 and 2.13', () => {
  test.each<[number, number, number, number, string, string]>([
    [
      0,
      8,
      20,
      20,
      'c8da59c837e0a11c331e277059da0e49a8569fb67336637699b7c73463347237',
      'e2bd86454339e8e356ab9ac8f38d50fad338d96fdeb3e2098dd40b4f45b7e2d1',
    ],
    [
      255,
      8,
      20,
      20,
      'e5cb3f38349865069d5bbde8fb6a3090592813db1ac9c271cbca79e621408321',
      '76f46328b70fc79d81d250400fe77bbc623069733a5a6c0d4c3d378bd5ff96f4',
    ],
    [
      0,
      256,
      768,
      768,
      '8758402623b71445c17e3bf396ffd0c5eeed59e402d74d23f5f65b1bddc4d4fa',
      '09b79845aefb305ff2c5f7167f73373abc99d67c483767ec28310cc56a9c7382',
    ],
    [
      0,
      256,
      768,
      2304,
      '8758402623b71445c17e3bf396ffd0c5eeed59e402d74d23f5f65b1bddc4d4fa',
      '09a3a6153199f3ce575a381399eb435d5b205b5df692d6fcd5035ec7c0026c24',
    ],
    [
      0,
      64,
      3072,
      3072,
      'bb9f3d05ffc0e1847ade3aa74f772e3f67c78b66e69de92681b50b8455d801d8',
      '2a167ee4f6f45474fd0a6eb7f0b53acabfd96cc95fd8719725b385306dd5f5e3',
    ],
    [
      42,
      128,
      768,
      3072,
      'fc4138523feef8b97a384534461bc05f8363e46ba362f6cefc9d603aaf988b23',
      '4c43c2bc44e0596fe6168849103fe7204f6fd3707bd331c905b6a507289d9910',
    ],
    [
      2147483648,
      4,
      10,
      20,
      'f6121154dcaefe31826166b2b636cc485d6542439190ef88798638e885cfcd09',
      '8a43add43413fedad6203b6b89b6647069dd57a73d3c0816d3a245f027fa4a1c',
    ],
    [
      1099511627781,
      16,
      33,
      17,
      '845c626a820a175c482583b7c8c71d7bb15156415a0784a9fc9979a9cc164ff0',
      '633bb9f7e9a02148efd28401e6b1962e6f4a403825ea04a22f07f91d5715cae0',
    ],
    [
      -1,
      7,
      13,
      5,
      'c336f2cc56882ee4bbec3f90ed5c6d20e04b1a925a9f50e9f18168987a1cbeff',
      'cd03820288b7d01d204e7355f7dbc6c6688c2f44476d02bcba5e6a31b65e4f40',
    ],
    [
      0,
      1024,
      4096,
      11008,
      '5fd0b0fde567606161905d8709f455b84ef38d4c371d3a61f393809f1a3ca785',
      '12f2555de61f713c9003ead159651ab4d44c4d53b4543e928c890eef48b1fa12',
    ],
  ])('fused for key %d, r %d, in %d, out %d', (key, r, max_in, max_out, shaA, shaB) => {
    const { A, B } = generateProjections(keyOf(key, r, max_in, max_out));
    expect([sha256(A), sha256(B)]).toEqual([shaA, shaB]);
  });

  test.each<[number, number, number, number, string, string]>([
    [
      0,
      256,
      768,
      768,
      '79150b4aaa1a470c115ca5c912f5b8874c70cb36e4cede6eddb624d31721a1b9',
      '89ba55a334b154ea2b038f27f097b01795b321f39bcc11e1569308c280c6d42f',
    ],
    [
      255,
      8,
      20,
      20,
      '9b23236bd9f4626050a7cd882f2a2588c54524ef741b64abf2d5f2f980e10323',
      'b03b04bfcde200635ab422ccd17a5918da031a316de612d8f3e835e35fb1daf9',
    ],
  ])('unfused for key %d, r %d, in %d, out %d', (key, r, max_in, max_out, shaA, shaB) => {
    const { A, B } = generateProjections(keyOf(key, r, max_in, max_out), { fused: false });
    expect([sha256(A), sha256(B)]).toEqual([shaA, shaB]);
  });
});

describe('generateProjections', () => {
  test('depends on the low 32 bits of the key', () => {
    expect(generateProjections(keyOf(-1, 3, 5, 7))).toEqual(generateProjections(keyOf(2 ** 32 - 1, 3, 5, 7)));
  });

  test('only appends rows to B when max_out grows', () => {
    const small = generateProjections(keyOf(3, 4, 6, 8));
    const large = generateProjections(keyOf(3, 4, 6, 80));
    expect(large.A).toEqual(small.A);
    expect(large.B.subarray(0, small.B.length)).toEqual(small.B);
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses r = %d', (r) => {
    expect(() => generateProjections(keyOf(0, r, 4, 4))).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('refuses sizes of more than 2 GiB before allocating them', () => {
    expect(() => generateProjections(keyOf(0, 2 ** 20, 2 ** 20, 1))).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });
});

describe('roundProjections', () => {
  const drawn = generateProjections(keyOf(0, 64, 288, 768));
  const pair = (values: readonly number[]): Projections => ({
    A: Float32Array.from(values),
    B: Float32Array.from(values),
  });

  test('float32 changes nothing', () => {
    expect(roundProjections(drawn, 'float32')).toBe(drawn);
  });

  test('bfloat16 rounds to 8 significant bits, ties to even', () => {
    const rounded = roundProjections(
      pair([1 + 2 ** -8, 1 + 3 * 2 ** -8, -(1 + 2 ** -8 + 2 ** -20), 2 - 2 ** -9]),
      'bfloat16',
    );
    expect([...rounded.A]).toEqual([1, 1 + 4 * 2 ** -8, -(1 + 2 ** -7), 2]);
  });

  test('float16 rounds to 11 significant bits, and to multiples of 2^-24 below 2^-14', () => {
    const rounded = roundProjections(
      pair([1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -14 - 2 ** -26, 2.5 * 2 ** -24, -3.5 * 2 ** -24, 2 ** -26, 0]),
      'float16',
    );
    expect([...rounded.A]).toEqual([1, 1 + 4 * 2 ** -11, 2 ** -14, 2 * 2 ** -24, -4 * 2 ** -24, 0, 0]);
  });

  test('float16 keeps the sign of a value that rounds to 0, as torch does', () => {
    expect([...roundProjections(pair([-(2 ** -26), 2 ** -26]), 'float16').A]).toEqual([-0, 0]);
  });

  test.each([['float16', 2 ** -11] as const, ['bfloat16', 2 ** -8] as const])(
    '%s moves each draw by at most half a unit in its last place, once, and leaves the draws alone',
    (dtype, half) => {
      const before = drawn.A.slice();
      const rounded = roundProjections(drawn, dtype);
      expect(drawn.A).toEqual(before);
      expect(rounded.A).not.toEqual(drawn.A);
      for (const [index, value] of drawn.A.entries()) {
        const allowed = Math.max(
          half * 2 ** Math.floor(Math.log2(Math.abs(value))),
          dtype === 'float16' ? 2 ** -25 : 0,
        );
        expect(Math.abs((rounded.A[index] ?? Number.NaN) - value)).toBeLessThanOrEqual(allowed);
      }
      expect(roundProjections(rounded, dtype)).toEqual(rounded);
    },
  );
});

test('roundingOf knows drawn and rounded matrices from others', () => {
  const key = keyOf(9, 4, 6, 8);
  const drawn = generateProjections(key);
  expect(roundingOf(drawn, key)).toBe('float32');
  expect(roundingOf(roundProjections(drawn, 'float16'), key)).toBe('float16');
  expect(roundingOf(roundProjections(drawn, 'bfloat16'), key)).toBe('bfloat16');
  expect(roundingOf(drawn, { ...key, projection_prng_key: 8 })).toBeUndefined();
  expect(roundingOf({ ...drawn, B: drawn.B.map((value) => 2 * value) }, key)).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import {
  layoutPool,
  packParameters,
  parameterShapes,
  parametersEnd,
  unpackParameters,
} from '../../../src/adapters/pool/pool_layout';
import { numel } from '../../../src/core/numbers/shape';

const parameters = [
  { name: 'q.A', shape: [5] },
  { name: 'q.B', shape: [3] },
  { name: 'v.A', shape: [2, 4] },
  { name: 'v.B', shape: [3] },
];
const layout = layoutPool(parameters);

/** Returns the floats of the pool (the buffer of all trained parameters) that lie between parameters. */
function padding(pool: Float32Array): number[] {
  return [5, 6, 7, 11, 23].map((at) => pool[at] ?? Number.NaN);
}

describe('layoutPool', () => {
  test('places parameters one after the other at multiples of four, and tensors behind them where kernels can bind them', () => {
    const { parameters: placed, tensors, ...sizes } = layoutPool(parameters, [{ name: 'norm.bias', shape: [6] }]);
    expect([...placed.values()].map(({ offset }) => offset)).toEqual([0, 8, 12, 20]);
    expect(tensors.get('norm.bias')).toEqual({ shape: [6], offset: 64 });
    expect(sizes).toEqual({ length: 72, trainable: 5 + 3 + 8 + 3 + 6 });
  });

  test('places parameters further apart where they are bound too', () => {
    const { parameters: placed, length } = layoutPool(parameters.slice(0, 2), [], 64);
    expect([...placed.values()].map(({ offset }) => offset)).toEqual([0, 64]);
    expect(length).toBe(68);
  });

  test('refuses more than 1 GiB, and tells how much of it modules take that train whole', () => {
    const matrices = [{ name: 'q.A', shape: [8, 2 ** 20] }];
    const embedding = [{ name: 'embed.weight', shape: [256, 2 ** 20] }];
    expect(() => layoutPool(matrices, embedding)).toThrow(
      expect.objectContaining({
        code: 'limit_exceeded',
        message: `What trains: expected at most 1 GiB, got ${2 ** 30 + 2 ** 25} bytes`,
        hint: expect.stringMatching(`^modules_to_save takes ${2 ** 30} bytes of it: name fewer modules there\\.`),
      }),
    );
  });

  test('knows where parameters end', () => {
    expect(parametersEnd(layout)).toBe(24);
    expect(parametersEnd(layoutPool(parameters, [{ name: 'norm.bias', shape: [6] }]))).toBe(64);
  });
});

describe('packParameters', () => {
  const vectors = new Map(
    [...parameterShapes(layout)].map(([name, shape], index) => [
      name,
      { dims: shape, data: Float32Array.from({ length: numel(shape) }, (_, i) => 100 * (index + 1) + i) },
    ]),
  );

  test('is undone by unpackParameters, and leaves padding at 0', () => {
    const pool = packParameters(layout, vectors);
    expect(unpackParameters(layout, pool)).toEqual(vectors);
    expect(padding(pool)).toEqual(Array(5).fill(0));
  });

  test('gives copies', () => {
    const pool = packParameters(layout, vectors);
    unpackParameters(layout, pool).get('q.A')?.data.fill(-1);
    expect(pool[0]).toBe(100);
  });

  test.each<[string, Float32Array | undefined]>([
    ['absent', undefined],
    ['short', new Float32Array(2)],
    ['long', new Float32Array(4)],
  ])('refuses an %s vector', (_, vector) => {
    const wrong = new Map<string, { readonly data: Float32Array }>(vectors);
    wrong.delete('v.B');
    if (vector !== undefined) wrong.set('v.B', { data: vector });
    expect(() => packParameters(layout, wrong)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('refuses a pool of another length', () => {
    expect(() => unpackParameters(layout, new Float32Array(23))).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

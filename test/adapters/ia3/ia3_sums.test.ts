import { describe, expect, test } from 'vitest';
import type { SumPart } from '../../../src/adapters/adapter';
import { IA3Config, type IA3ConfigInit } from '../../../src/adapters/ia3/config/ia3_config';
import { vectorName } from '../../../src/adapters/ia3/ia3_layout';
import { sumOfIa3 } from '../../../src/adapters/ia3/ia3_sums';
import type { Tensor } from '../../../src/core/types/tensor';
import { invalid } from '../vera/config_errors';

type Vectors = Readonly<Record<string, readonly number[]>>;

function part(weight: number, vectors: Vectors, init: IA3ConfigInit = {}): SumPart<IA3Config> {
  const parameters = new Map(
    Object.entries(vectors).map(([name, numbers]) => [
      name,
      { dims: [numbers.length, 1], data: Float32Array.from(numbers) },
    ]),
  );
  const config = new IA3Config({ target_modules: ['k'], feedforward_modules: [], ...init });
  return { weight, config, modules: new Map(), tensors: { parameters, frozen: new Map(), others: new Map() } };
}

describe('a weighted sum', () => {
  test('adds vectors up in float32 and in order, as torch does', () => {
    const numbers = [0.1, 1 / 3, 1e4];
    const { tensors } = sumOfIa3([part(0.3, { a: numbers }), part(0.7, { a: numbers }), part(-0.1, { a: numbers })]);
    const f = Math.fround;
    const expected = numbers.map((x) => f(f(f(f(0.3) * f(x)) + f(f(0.7) * f(x))) + f(f(-0.1) * f(x))));
    expect([...tensors.parameters.get('a')!.data]).toEqual(expected);
  });

  test('has the modules of all parts, and each vector is the sum over the parts that wrap its module', () => {
    const { config, tensors } = sumOfIa3([
      part(2, { a: [1, 2] }, { target_modules: ['k', 'd'], feedforward_modules: ['d'] }),
      part(3, { b: [5] }, { target_modules: ['v'] }),
    ]);
    expect(config).toMatchObject({ target_modules: ['k', 'd', 'v'], feedforward_modules: ['d'] });
    expect([...tensors.parameters].map(([name, { data }]) => [name, ...data])).toEqual([
      ['a', 2, 4],
      ['b', 15],
    ]);
  });

  test('whose exclusions differ names whole modules, and the sides that their vectors scale', () => {
    const parts = [
      part(1, {}, { target_modules: ['k', 'd'], feedforward_modules: ['d'], exclude_modules: ['1.k'] }),
      part(1, {}, { target_modules: ['k', 'd'], feedforward_modules: ['d'] }),
    ] as const;
    const size = { in_features: 3, out_features: 2 };
    const names = [
      ['0.k', '0.d'],
      ['0.k', '1.k', '0.d'],
    ];
    const [one, two] = parts.map((each, at) => {
      const tensor = (name: string): Tensor =>
        name.endsWith('d')
          ? { dims: [1, 3], data: Float32Array.of(1, 2, 3) }
          : { dims: [2, 1], data: Float32Array.of(4, 5) };
      const parameters = new Map(names[at]!.map((name) => [vectorName(name), tensor(name)]));
      return {
        ...each,
        modules: new Map(names[at]!.map((name) => [name, size])),
        tensors: { ...each.tensors, parameters },
      };
    });
    const { config, tensors } = sumOfIa3([one!, two!]);
    expect(config).toMatchObject({
      target_modules: ['0.d', '0.k', '1.k'],
      exclude_modules: null,
      feedforward_modules: ['0.d'],
    });
    expect(tensors.parameters.get(vectorName('1.k'))?.data).toEqual(Float32Array.of(4, 5));
  });

  test('joins expressions', () => {
    const fields = { target_modules: '.*k', feedforward_modules: 'x' };
    const { config } = sumOfIa3([part(1, {}, fields), part(1, {}, { ...fields, target_modules: '.*v|o' })]);
    expect(config).toMatchObject({ target_modules: '(.*k)|(.*v|o)', feedforward_modules: '(x)|(x)' });
  });

  test('refuses lists beside expressions, vectors of two shapes, and numbers that no file may hold', () => {
    expect(() => sumOfIa3([part(1, {}), part(1, {}, { target_modules: '.*k' })])).toThrow(
      invalid('All adapter configs should have the same type for target and feedforward modules.'),
    );
    expect(() => sumOfIa3([part(1, { a: [1] }), part(1, { a: [1, 2] })])).toThrow(/vectors of one shape for a/);
    const turned = part(1, { a: [1, 2] });
    const parameters = new Map([['a', { dims: [1, 2], data: Float32Array.of(1, 2) }]]);
    expect(() => sumOfIa3([part(1, { a: [1, 2] }), { ...turned, tensors: { ...turned.tensors, parameters } }])).toThrow(
      /vectors of one shape for a/,
    );
    expect(() => sumOfIa3([part(2, { a: [1e4] })])).toThrow(/a sum of at most 10000, got 20000/);
    expect(() => sumOfIa3([])).toThrow(/at least one adapter/);
  });
});

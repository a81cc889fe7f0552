import { describe, expect, test } from 'vitest';
import { LoraConfig, type LoraConfigInit } from '../../../src/adapters/lora/config/lora_config';
import { matrixName } from '../../../src/adapters/lora/lora_layout';
import { truncatedProduct } from '../../../src/adapters/lora/sums/low_rank_svd';
import { sumOfLora } from '../../../src/adapters/lora/sums/sum_of_lora';
import type { LoraPart } from '../../../src/adapters/lora/sums/sum_rules';
import { Breather } from '../../../src/core/async/breather';
import type { Tensor } from '../../../src/core/types/tensor';
import { randomArray } from '../../helpers/maths/random';

const columns = (count: number, length: number, seed: number): Float64Array[] =>
  Array.from({ length: count }, (_, index) => Float64Array.from(randomArray(length, seed + index)));

/** Returns left·rightᵀ, row by row. */
function product(left: readonly Float64Array[], right: readonly Float64Array[]): number[] {
  const [rows, width] = [left[0]!.length, right[0]!.length];
  return Array.from({ length: rows * width }, (_, at) =>
    left.reduce((sum, column, k) => sum + column[Math.floor(at / width)]! * right[k]![at % width]!, 0),
  );
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const gap = (a: readonly number[], b: readonly number[]): number => norm(a.map((value, at) => value - b[at]!));

describe('the best approximation of a product', () => {
  test('of full rank is the product, also where columns depend on each other or outnumber the rows', async () => {
    const [left, right] = [columns(5, 9, 1), columns(5, 7, 11)];
    const dependent = [...left.slice(0, 3), left[0]!.map((value, at) => value - 2 * left[1]![at]!), left[4]!];
    for (const [a, b] of [
      [left, right],
      [dependent, right],
      [columns(6, 4, 31), columns(6, 3, 41)],
    ] as const) {
      const { us, v } = await truncatedProduct(a, b, a.length, new Breather());
      expect(gap(product(us, v), product(a, b))).toBeLessThan(1e-12 * norm(product(a, b)));
    }
  });

  test('has orthogonal factors, and what it leaves out is orthogonal to it', async () => {
    const [left, right] = [columns(6, 12, 1), columns(6, 10, 21)];
    const { us, v } = await truncatedProduct(left, right, 3, new Breather());
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    const lengths = us.map((column) => Math.sqrt(dot(column, column)));
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    v.forEach((a, i) => {
      v.forEach((b, j) => {
        expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 12);
        if (i !== j) expect(dot(us[i]!, us[j]!)).toBeCloseTo(0, 10);
      });
    });
    const [whole, part] = [product(left, right), product(us, v)];
    const rest = whole.map((value, at) => value - part[at]!);
    expect(norm(whole) ** 2).toBeCloseTo(norm(part) ** 2 + norm(rest) ** 2, 8);
    // Truncation keeps the largest singular values.
    const { us: longest } = await truncatedProduct(left, right, 6, new Breather());
    const all = longest.map((column) => Math.sqrt(dot(column, column)));
    expect(lengths).toEqual(all.slice(0, 3));
  });

  test('of a larger rank than it has is filled up with zeros', async () => {
    const { us, v } = await truncatedProduct(columns(2, 3, 1), columns(2, 4, 5), 4, new Breather());
    expect([us.length, v.length]).toEqual([4, 4]);
    expect([...us[3]!, ...v[3]!].every((value) => value === 0)).toBe(true);
  });
});

function part(weight: number, init: LoraConfigInit, ranks: Readonly<Record<string, number>>, seed: number): LoraPart {
  const config = new LoraConfig({ target_modules: Object.keys(ranks), ...init });
  const tensor = (dims: number[], at: number): Tensor => {
    const length = dims.reduce((product, size) => product * size, 1);
    return { dims, data: Float32Array.from(randomArray(length, seed + at)) };
  };
  const parameters = Object.entries(ranks).flatMap(([module, r], at): [string, Tensor][] => [
    [matrixName(module, 'A.weight'), tensor([r, 4], 3 * at)],
    [matrixName(module, 'B.weight'), tensor([5, r], 3 * at + 1)],
    ...(config.lora_bias ? ([[matrixName(module, 'B.bias'), tensor([5], 3 * at + 2)]] as [string, Tensor][]) : []),
  ]);
  const modules = new Map(Object.keys(ranks).map((name) => [name, { in_features: 4, out_features: 5 }]));
  return {
    weight,
    config,
    modules,
    tensors: { parameters: new Map(parameters), frozen: new Map(), others: new Map() },
  };
}

/** Returns scale · B·A of a module. */
function delta({ tensors }: Pick<LoraPart, 'tensors'>, module: string, scale: number): number[] {
  const A = tensors.parameters.get(matrixName(module, 'A.weight'))!;
  const B = tensors.parameters.get(matrixName(module, 'B.weight'))!;
  const r = A.dims[0]!;
  return Array.from({ length: 20 }, (_, at) => {
    const [o, i] = [Math.floor(at / 4), at % 4];
    let sum = 0;
    for (let j = 0; j < r; j++) sum += B.data[o * r + j]! * A.data[j * 4 + i]!;
    return scale * sum;
  });
}

describe('a sum of adapters with ranks, scales and modules of their own', () => {
  const one = part(0.5, { r: 2, lora_alpha: 3, rank_pattern: { b: 3 }, alpha_pattern: { b: 6 } }, { a: 2, b: 3 }, 1);
  const two = part(-2, { r: 3, use_rslora: true, lora_bias: true }, { b: 3, c: 3 }, 51);

  test.each(['cat', 'svd'] as const)('is exact by %s', async (combination_type) => {
    const { config, tensors } = await sumOfLora([one, two], { combination_type, svd_rank: 6 });
    expect(config).toMatchObject({ r: 6, lora_alpha: 6, use_rslora: false, lora_bias: true, rank_pattern: {} });
    expect(config.target_modules).toEqual(['a', 'b', 'c']);
    const scaled = [0.5 * (3 / 2), 0.5 * (6 / 3), -2 * (8 / Math.sqrt(3))] as const;
    const expected = {
      a: delta(one, 'a', scaled[0]),
      b: delta(one, 'b', scaled[1]).map((value, at) => value + delta(two, 'b', scaled[2])[at]!),
      c: delta(two, 'c', scaled[2]),
    };
    for (const [module, values] of Object.entries(expected)) {
      expect(gap(delta({ tensors }, module, 1), values), module).toBeLessThan(1e-6 * norm(values));
    }
    const bias = tensors.parameters.get(matrixName('c', 'B.bias'))!;
    const own = two.tensors.parameters.get(matrixName('c', 'B.bias'))!;
    expect(
      gap(
        [...bias.data],
        [...own.data].map((value) => scaled[2] * value),
      ),
    ).toBeLessThan(1e-5);
    expect(tensors.parameters.get(matrixName('a', 'B.bias'))!.data).toEqual(new Float32Array(5));
  });

  test('whose layers differ names whole modules', async () => {
    const layered = part(1, { layers_to_transform: [0] }, { a: 8 }, 1);
    const { config } = await sumOfLora([layered, part(1, {}, { b: 8 }, 2)], { combination_type: 'cat' });
    expect(config).toMatchObject({ target_modules: ['a', 'b'], layers_to_transform: null });
  });

  test('joins expressions', async () => {
    const parts = ['.*a', '.*b'].map((target_modules, at) => part(1, { target_modules }, { a: 8 }, at));
    expect((await sumOfLora(parts, { combination_type: 'cat' })).config.target_modules).toBe('(.*a)|(.*b)');
  });

  test('ends when it is cancelled', async () => {
    const reason = new Error('cancelled');
    await expect(sumOfLora([one, two], {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('is refused where its file could not be loaded again', async () => {
    const large = part(1e6, { r: 2 }, { a: 2 }, 1);
    await expect(sumOfLora([large, large], { combination_type: 'cat' })).rejects.toThrow(/expected a sum of at most/);
    const wide = { ...large, modules: new Map([['a', { in_features: 4096, out_features: 4096 }]]) };
    await expect(sumOfLora([wide, wide], { combination_type: 'svd', svd_rank: 2 ** 20 })).rejects.toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
    await expect(sumOfLora([], {})).rejects.toThrow('Found no adapter matching the names in []');
  });
});

import { describe, expect, test } from 'vitest';
import { generateProjections } from '../../../src/adapters/vera/projections/projections';
import type { VeraValues, WeightedPart } from '../../../src/adapters/vera/sums/vectors';
import { combineVectors } from '../../../src/adapters/vera/sums/weighted';
import { randomArray } from '../../helpers/maths/random';
import { goldenValues, veraDelta, withVectors } from '../../helpers/models/vera_values';

const llama = goldenValues('llama_layer0_small');
/** The same λ_d, another λ_b. */
const otherB = withVectors(llama, ({ b, d }) => ({ b: randomArray(b.length, 3), d }));
/** The same λ_b, another λ_d. */
const otherD = withVectors(llama, ({ b, d }) => ({ b, d: randomArray(d.length, 4) }));
const nothingB = withVectors(llama, ({ b, d }) => ({ b: b.map(() => 0), d: d.map((_, k) => k + 1) }));
const nothingD = withVectors(llama, ({ b, d }) => ({ b: b.map((_, o) => o + 1), d: d.map(() => 0) }));
const q = 'model.layers.0.self_attn.q_proj';

const only = (values: VeraValues, wanted: (module: string) => boolean): VeraValues => ({
  ...values,
  modules: new Map([...values.modules].filter(([module]) => wanted(module))),
});

/** Expects the sum to equal that of its parts in float64, up to one rounding of the vectors: a relative error of half an ulp, 2^-24. */
function expectSum(combined: VeraValues, parts: readonly WeightedPart[]): void {
  expect([...combined.modules.keys()].sort()).toEqual(
    [...new Set(parts.flatMap(({ modules }) => [...modules.keys()]))].sort(),
  );
  for (const [module, { in_features }] of combined.modules) {
    const x = [...randomArray(in_features, 5)];
    const deltas = parts
      .filter(({ modules }) => modules.has(module))
      .map((part) => ({ ...veraDelta(part, module, x), weight: part.weight }));
    const { y } = veraDelta(combined, module, x);
    for (const [o, value] of y.entries()) {
      const expected = deltas.reduce((sum, delta) => sum + delta.weight * delta.y[o]!, 0);
      const size = deltas.reduce((sum, delta) => sum + Math.abs(delta.weight) * delta.size[o]!, 0);
      expect(Math.abs(value - expected), `${module} ${o}`).toBeLessThanOrEqual(1.01 * 2 ** -24 * size);
    }
  }
}

const weighted = (...parts: readonly (readonly [weight: number, values: VeraValues])[]): readonly WeightedPart[] =>
  parts.map(([weight, values]) => ({ ...values, weight }));

const refused = (message: RegExp) =>
  expect.objectContaining({
    name: 'WebVeraError',
    code: 'invalid_argument',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('save_as_lora({ adapters, weights })'),
  });

describe('combineVectors', () => {
  test.each<[string, readonly WeightedPart[]]>([
    ['one adapter, scaled', weighted([-0.3, llama])],
    ['adapters of equal λ_d', weighted([0.7, llama], [0.2, otherB], [0.1, llama])],
    ['adapters of equal λ_b', weighted([0.7, llama], [-1.3, otherD])],
    [
      'an adapter right after it was made, and one whose λ_d is zero',
      weighted([2, nothingB], [1 / 3, llama], [5, nothingD]),
    ],
    [
      'an adapter of weight 0',
      weighted([0, withVectors(otherB, ({ b, d }) => ({ b, d: d.map((v) => -v) }))], [1, llama]),
    ],
    ['adapters over other modules', weighted([0.5, only(llama, (m) => m !== q)], [0.25, only(otherD, (m) => m === q)])],
    [
      'adapters that agree in λ_d here and in λ_b there',
      weighted(
        [2, llama],
        [
          3,
          withVectors(llama, ({ b, d }, module) =>
            module === q ? { b, d: d.map((v) => 3 * v + 1) } : { b: b.map((v) => v * v), d },
          ),
        ],
      ),
    ],
  ])('sums %s', (_, parts) => {
    expectSum(combineVectors(parts), parts);
  });

  test('rounds once, and keeps the vectors that the parts share', () => {
    const ones = withVectors(llama, ({ b, d }) => ({ b: b.map(() => 1), d }));
    const tiny = withVectors(llama, ({ b, d }) => ({ b: b.map(() => 2 ** -24), d }));
    const { vectors } = combineVectors(weighted([1, ones], [1, tiny], [1, tiny]));
    // 1 + 2^-24 + 2^-24: if each addition were rounded, the sum would stay 1.
    expect(vectors.get(`base_model.model.${q}.vera_lambda_b`)?.[0]).toBe(1 + 2 ** -23);
    expect(vectors.get(`base_model.model.${q}.vera_lambda_d`)).toEqual(
      llama.vectors.get(`base_model.model.${q}.vera_lambda_d`),
    );
  });

  test('keeps λ_d where no part adds anything, so that it can train on', () => {
    const { vectors } = combineVectors(weighted([1, nothingB]));
    expect([...(vectors.get(`base_model.model.${q}.vera_lambda_d`) ?? [])]).toEqual([1, 2, 3, 4]);
    expect(vectors.get(`base_model.model.${q}.vera_lambda_b`)?.every((value) => value === 0)).toBe(true);
  });

  test('takes the larger B of two that are drawn from one key', () => {
    const sizes = { projection_prng_key: 7, r: 4, max_in: 32 };
    const drawn = (max_out: number): VeraValues['projections'] => {
      const { A, B } = generateProjections({ ...sizes, max_out });
      return { A: { dims: [4, 32], data: A }, B: { dims: [max_out, 4], data: B } };
    };
    const small = { ...only(llama, (module) => module === q), projections: drawn(32) };
    const large = { ...only(llama, (module) => module.endsWith('up_proj')), projections: drawn(56) };
    for (const parts of [weighted([1, small], [2, large]), weighted([2, large], [1, small])]) {
      const combined = combineVectors(parts);
      expect(combined.projections.B.dims).toEqual([56, 4]);
      expectSum(combined, parts);
    }
  });

  test('refuses parts that differ in both vectors of a module, and names it', () => {
    const both = withVectors(llama, ({ b, d }, module) =>
      module === 'model.layers.1.mlp.up_proj' ? { b: b.map((v) => v + 1), d: d.map((v) => v + 1) } : { b, d },
    );
    expect(() => combineVectors(weighted([1, llama], [1, both]))).toThrow(refused(/model\.layers\.1\.mlp\.up_proj/));
  });

  test('refuses another rank and other projections', () => {
    expect(() => combineVectors(weighted([1, llama], [1, goldenValues('llama_qvud_big')]))).toThrow(
      refused(/r = 4, 64/),
    );
    const { A, B } = llama.projections;
    for (const projections of [
      { A: { ...A, data: A.data.map((v, i) => (i === 3 ? v + 1 : v)) }, B },
      { A, B: { ...B, data: B.data.map((v, i) => (i === 3 ? v + 1 : v)) } },
    ]) {
      expect(() => combineVectors(weighted([1, llama], [1, { ...llama, projections }]))).toThrow(refused(/A and B/));
    }
  });

  test.each([
    1e39,
    -1e39,
    1e5 / Math.max(...[...llama.vectors.values()].flatMap((values) => [...values].map(Math.abs))),
  ])('refuses weights whose result could not be loaded again: %d', (weight) => {
    expect(() => combineVectors(weighted([weight, llama]))).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(/^weights: expected/) }),
    );
  });

  test('refuses no parts and infinite weights', () => {
    expect(() => combineVectors([])).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    expect(() => combineVectors(weighted([Number.POSITIVE_INFINITY, llama]))).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { weightedLora } from '../../../src/adapters/vera/sums/lora';
import type { VeraValues } from '../../../src/adapters/vera/sums/vectors';
import { randomArray } from '../../helpers/maths/random';
import { casesWithAdapter, goldenValues, loraDelta, veraDelta, withVectors } from '../../helpers/models/vera_values';

/** lora_A and lora_B are each rounded once, with a relative error of at most half an ulp: 2^-24. */
const ROUNDINGS = 2.01 * 2 ** -24;

function expectNear(actual: readonly number[], expected: readonly number[], size: readonly number[]): void {
  for (const [o, value] of expected.entries()) {
    expect(Math.abs(actual[o]! - value), `output ${o}`).toBeLessThanOrEqual(ROUNDINGS * size[o]!);
  }
}

const inputOf = (values: VeraValues, module: string) => [...randomArray(values.modules.get(module)!.in_features, 7)];

describe.each(casesWithAdapter)('the adapter of %s', (name) => {
  const values = goldenValues(name);
  const lora = weightedLora([{ ...values, weight: 1 }]);

  test('has one LoRA pair for every module, of its rank', () => {
    expect(lora.r).toBe(values.r);
    expect([...lora.modules].map(([module, { A, B }]) => [module, A.dims, B.dims])).toEqual(
      [...values.modules].map(([module, size]) => [
        module,
        [values.r, size.in_features],
        [size.out_features, values.r],
      ]),
    );
  });

  test('computes the same as a LoRA, to the rounding of float32', () => {
    for (const [module, pair] of lora.modules) {
      const x = inputOf(values, module);
      const { y, size } = veraDelta(values, module, x);
      expect(Math.max(...y.map(Math.abs))).toBeGreaterThan(1e-4);
      expectNear(loraDelta(pair, x).y, y, size);
    }
  });
});

describe('a weighted sum', () => {
  const llama = goldenValues('llama_qvud_big');
  const other = withVectors(goldenValues('llama_layer0_small'), ({ b, d }) => ({ b: b.map((v) => 2 - v), d }));

  test('is exact for adapters of other ranks, projections and modules', () => {
    const parts = [
      { ...llama, weight: 0.75 },
      { ...other, weight: -1.5 },
      { ...llama, weight: 1 / 3 },
    ];
    const lora = weightedLora(parts);
    expect(lora.r).toBe(64 + 4 + 64);
    expect(new Set(lora.modules.keys())).toEqual(new Set([...llama.modules.keys(), ...other.modules.keys()]));
    const wrappedBy = { one: 0, both: 0 };
    for (const [module, pair] of lora.modules) {
      expect([pair.A.dims[0], pair.B.dims[1]]).toEqual([lora.r, lora.r]);
      const having = parts.filter(({ modules }) => modules.has(module));
      wrappedBy[having.length === 3 ? 'both' : 'one'] += 1;
      const x = inputOf(having[0]!, module);
      const deltas = having.map((part) => ({ ...veraDelta(part, module, x), weight: part.weight }));
      const sum = (of: (delta: (typeof deltas)[number], o: number) => number) =>
        deltas[0]!.y.map((_, o) => deltas.reduce((total, delta) => total + of(delta, o), 0));
      const expected = sum(({ y, weight }, o) => weight * y[o]!);
      const size = sum(({ size, weight }, o) => Math.abs(weight) * size[o]!);
      expectNear(loraDelta(pair, x).y, expected, size);
    }
    expect(wrappedBy.one).toBeGreaterThan(0);
    expect(wrappedBy.both).toBeGreaterThan(0);
  });

  test('takes no more ranks than the module with the most of them needs', () => {
    const [first, second] = ['model.layers.0.self_attn.q_proj', 'model.layers.1.self_attn.q_proj'].map((module) => ({
      ...llama,
      modules: new Map([[module, llama.modules.get(module)!]]),
    }));
    expect(
      weightedLora([
        { ...first!, weight: 1 },
        { ...second!, weight: 2 },
      ]).r,
    ).toBe(64);
  });

  test('refuses no parts, weights that are no numbers, and vectors of another length', () => {
    const thrown = expect.objectContaining({ name: 'WebVeraError', code: 'invalid_argument' });
    expect(() => weightedLora([])).toThrow(thrown);
    expect(() => weightedLora([{ ...llama, weight: Number.NaN }])).toThrow(thrown);
    expect(() => weightedLora([{ ...llama, r: 63, weight: 1 }])).toThrow(thrown);
    expect(() => weightedLora([{ ...llama, vectors: new Map(), weight: 1 }])).toThrow(thrown);
  });
});

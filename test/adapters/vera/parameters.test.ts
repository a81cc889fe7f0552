import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parameterShapes, unpackParameters } from '../../../src/adapters/pool/pool_layout';
import { initialVectors, layoutVectors } from '../../../src/adapters/vera/vera_layout';
import { goldenNames, isLlama } from '../../helpers/golden/golden_index';

const modules = [
  { name: 'layers.0.q', in_features: 6, out_features: 5 },
  { name: 'layers.0.v', in_features: 6, out_features: 8 },
];
const layout = layoutVectors(modules, 3);

/** Returns the floats of the pool (the buffer of all trained vectors) that lie between vectors. */
function padding(pool: Float32Array): number[] {
  const free = new Set(pool.keys());
  for (const { out_features, offsetB, offsetD } of layout.slots.values()) {
    for (let i = 0; i < out_features; i++) free.delete(offsetB + i);
    for (let i = 0; i < layout.r; i++) free.delete(offsetD + i);
  }
  return [...free].map((index) => pool[index] ?? Number.NaN);
}

describe('layoutVectors', () => {
  test('places λ_b and λ_d of module after module at multiples of four', () => {
    expect([...layout.slots]).toEqual([
      ['layers.0.q', { in_features: 6, out_features: 5, offsetB: 0, offsetD: 8 }],
      ['layers.0.v', { in_features: 6, out_features: 8, offsetB: 12, offsetD: 20 }],
    ]);
    expect(layout).toMatchObject({ r: 3, length: 24, trainable: 5 + 3 + 8 + 3 });
  });

  test('never lets two vectors overlap', () => {
    const size = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.array(size, { maxLength: 8 }), size, (outs, r) => {
        const drawn = layoutVectors(
          outs.map((out_features, index) => ({ name: `m${index}`, in_features: 1, out_features })),
          r,
        );
        let end = 0;
        for (const { out_features, offsetB, offsetD } of drawn.slots.values()) {
          expect([offsetB % 4, offsetD % 4]).toEqual([0, 0]);
          expect(offsetB).toBeGreaterThanOrEqual(end);
          expect(offsetD).toBeGreaterThanOrEqual(offsetB + out_features);
          end = offsetD + r;
        }
        expect(drawn.length).toBeGreaterThanOrEqual(end);
        expect(drawn.length % 4).toBe(0);
      }),
    );
  });

  test('refuses pools above 1 GiB', () => {
    expect(() => layoutVectors(modules, 2 ** 30)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }));
  });

  test.each(goldenNames(isLlama))('counts and names what PEFT trains in %s', (name) => {
    const { wrapped_modules, trainable, trainable_parameters, vera_config } = JSON.parse(
      readFileSync(`test/golden/cases/${name}/case.json`, 'utf8'),
    );
    const golden = layoutVectors(wrapped_modules, vera_config.r);
    expect(golden.trainable).toBe(trainable_parameters);
    expect(Object.fromEntries(parameterShapes(golden))).toEqual(trainable);
  });
});

describe('initialVectors', () => {
  test('starts from no change: λ_b is 0 and λ_d is d_initial', () => {
    const pool = initialVectors(layout, { d_initial: 0.1, init_weights: true }, 1);
    const d = Math.fround(0.1);
    expect([...pool]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, d, d, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, d, d, d, 0]);
  });

  test('without init_weights λ_b is 1 and λ_d random, by seed and module; padding stays 0', () => {
    const options = { d_initial: 0.1, init_weights: false };
    const pool = initialVectors(layout, options, 1);
    const [bq, dq, bv, dv] = [...unpackParameters(layout, pool).values()].map(({ data }) => data);
    expect([...(bq ?? []), ...(bv ?? [])]).toEqual(Array(13).fill(1));
    expect(dq).not.toEqual(dv);
    expect(padding(pool).every((value) => value === 0)).toBe(true);
    expect(initialVectors(layout, options, 1)).toEqual(pool);
    expect(initialVectors(layout, options, 2)).not.toEqual(pool);
  });
});

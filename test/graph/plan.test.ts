import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyKernel } from '../../src/core/kernels/kernel';
import { planMemory } from '../../src/graph/plan';
import type { Step } from '../../src/graph/step';
import { byteLength, joined, pinned, transient, type Value } from '../../src/graph/value';

const kernel: AnyKernel = { name: 'test', bindings: {}, params: {}, splits: false, variants: [], flops: () => 0 };
const step = (...values: Value[]): Step => ({
  kernel,
  values: Object.fromEntries(values.map((value, index) => [`v${index}`, value])),
  params: {},
  chunk: undefined,
});

/** A step of a random program: its results' sizes, and the earlier values that it uses, as distances from the latest value. */
interface Recipe {
  readonly made: readonly number[];
  readonly used: readonly number[];
  readonly weight: boolean;
}

const recipes: fc.Arbitrary<readonly Recipe[]> = fc.array(
  fc.record({
    made: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 3 }),
    used: fc.array(fc.nat(12), { maxLength: 4 }),
    weight: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

interface Random {
  readonly steps: readonly Step[];
  readonly outputs: readonly Value[];
}

const programs: fc.Arbitrary<Random> = fc
  .tuple(recipes, fc.array(fc.nat(60), { maxLength: 3 }))
  .map(([list, outputs]) => {
    const values: Value[] = [];
    const weight = pinned('weight', [8]);
    const steps = list.map(({ made, used, weight: usesWeight }) => {
      const given = used.map((back) => values[values.length - 1 - back]).filter((value) => value !== undefined);
      const results = made.map((size) => transient('value', [size]));
      values.push(...results);
      return step(...new Set([...given, ...results, ...(usesWeight ? [weight] : [])]));
    });
    return { steps, outputs: outputs.flatMap((index) => values[index] ?? []) };
  });

describe('planMemory', () => {
  test('no value is overwritten while a later step needs it', () => {
    fc.assert(
      fc.property(programs, ({ steps, outputs }) => {
        const { slotOf } = planMemory(steps, outputs);
        // Simulates the program in the planned memory. `holder` has the value that was last written to each slot.
        const holder = new Map<number, Value>();
        const written = new Set<Value>();
        for (const { values } of steps) {
          for (const value of Object.values(values)) {
            if (value.pinned) continue;
            const slot = slotOf.get(value)!;
            if (written.has(value)) expect(holder.get(slot)).toBe(value);
            written.add(value);
            holder.set(slot, value);
          }
        }
        for (const value of outputs) expect(holder.get(slotOf.get(value)!)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  test('no two values of a step share a slot, and each fits into its own', () => {
    fc.assert(
      fc.property(programs, ({ steps, outputs }) => {
        const { slotOf, slotBytes } = planMemory(steps, outputs);
        for (const { values } of steps) {
          const slots = Object.values(values).flatMap((value) => (value.pinned ? [] : [slotOf.get(value)]));
          expect(new Set(slots).size).toBe(slots.length);
        }
        for (const [value, slot] of slotOf) {
          expect(value.pinned).toBe(false);
          expect(slotBytes[slot]).toBeGreaterThanOrEqual(byteLength(value));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('takes no more slots than values live at a time', () => {
    fc.assert(
      fc.property(programs, ({ steps, outputs }) => {
        const uses = (value: Value): number[] =>
          steps.flatMap(({ values }, index) => (Object.values(values).includes(value) ? [index] : []));
        const { slotOf, slotBytes } = planMemory(steps, outputs);
        const lives = [...slotOf.keys()].map((value) => {
          const at = uses(value);
          return { first: at[0]!, last: outputs.includes(value) ? steps.length : at.at(-1)! };
        });
        const alive = steps.map(
          (_, index) => lives.filter(({ first, last }) => first <= index && index <= last).length,
        );
        expect(slotBytes.length).toBe(Math.max(0, ...alive));
      }),
    );
  });

  test('a chain needs two slots, whatever its length', () => {
    const values = Array.from({ length: 10 }, (_, index) => transient(`${index}`, [100 + index]));
    const steps = values.slice(1).map((value, index) => step(values[index]!, value));
    expect(planMemory(steps).slotBytes).toHaveLength(2);
  });

  test('parts lie side by side in the slot of what they were joined to, as long as any of them lives', () => {
    const [a, b, x, y, z] = [66, 8, 100, 100, 100].map((size, index) => transient(`${index}`, [size]));
    const whole = joined('whole', [a!, b!]);
    // `whole` consists of the parts `a` and `b`. Other values are written and read before `b` is written, and before `whole` is read.
    const steps = [step(a!), step(a!, x!), step(x!, y!), step(b!), step(y!, z!), step(whole, z!)];
    const { slotOf, offsetOf, slotBytes } = planMemory(steps);
    const slot = slotOf.get(whole)!;
    expect([slotOf.get(a!), slotOf.get(b!)]).toEqual([slot, slot]);
    expect([offsetOf.get(a!), offsetOf.get(b!)]).toEqual([0, 128]);
    expect(slotBytes[slot]).toBeGreaterThanOrEqual(4 * (128 + 8));
    for (const other of [x!, y!, z!]) expect(slotOf.get(other)).not.toBe(slot);
    expect(offsetOf.has(x!)).toBe(false);
  });

  test('an output that is a part keeps the whole', () => {
    const [a, b, x] = [4, 4, 4].map((size, index) => transient(`${index}`, [size]));
    const whole = joined('whole', [a!, b!]);
    const { slotOf } = planMemory([step(a!, b!), step(whole), step(x!)], [b!]);
    expect(slotOf.get(x!)).not.toBe(slotOf.get(whole));
  });

  test('pinned values have no slot', () => {
    const weight = pinned('weight', [4]);
    expect(planMemory([step(weight)], [weight])).toEqual({ slotBytes: [], slotOf: new Map(), offsetOf: new Map() });
  });
});

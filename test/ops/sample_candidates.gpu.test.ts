import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectGpuEqualsReference, runOnGpu } from '../helpers/gpu/on_gpu';
import { random, randomArray } from '../helpers/maths/random';
import { type SequenceFields, samplingOf } from '../helpers/maths/sampling';
import { ofRing } from '../helpers/ring';
import { runReference } from '../reference/runner';
import { candidates, penalised } from '../reference/sampling';

/** transformers' result for one sequence. */
interface Row {
  readonly situation: string;
  readonly logits: readonly (number | null)[];
  readonly do_sample: boolean;
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly repetition_penalty: number;
  readonly ids: readonly number[];
  readonly kept: readonly number[];
  readonly scores: readonly number[];
}
const { rows } = JSON.parse(readFileSync('test/golden/sampling.json', 'utf8')) as { readonly rows: readonly Row[] };
const golden = rows.map((row) => [row.situation, row] as const);

const INFINITY = Number.POSITIVE_INFINITY;
const ascending = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);
const logitsOf = ({ logits }: Row) => Float64Array.from(logits, (z) => z ?? -INFINITY);

/** Returns the reference's candidates, sorted by id, and all scores. */
function expectedOf(row: Row) {
  const seen = new Set(row.ids);
  const z = logitsOf(row).map((logit, v) => (seen.has(v) ? penalised(logit, row.repetition_penalty) : logit));
  if (!row.do_sample) return { kept: row.kept, scores: z };
  return { kept: ascending(candidates(z, row)), scores: z.map((logit) => logit / row.temperature) };
}

/** Returns difficult logits: with ties, with −∞, with few digits, far from each other or all close to one number. */
function hardLogits(V: number, seed: number): Float64Array {
  const next = random(seed);
  const scale = [0.1, 2, 6, 40][seed % 4]!;
  const digits = [2 ** 20, 4, 1][seed % 3]!;
  const hole = seed % 5 === 0 ? 0.3 : 0;
  const shift = seed % 7 === 0 ? 30 : 0;
  return Float64Array.from({ length: V }, () => {
    const z = Math.round((next() + next() + next() - 1.5) * scale * digits) / digits + shift;
    return next() < hole ? -INFINITY : Math.fround(z);
  });
}

describe.each([
  { variant: 'workgroup', sizes: [1, 2, 31, 32, 33, 255, 256, 257, 1000, 4003], largest: 262_144 },
  { variant: 'serial', sizes: [1, 2, 31, 32, 33, 257, 1000], largest: 4096 },
])('$variant', ({ variant, sizes, largest }) => {
  async function tokens(logits: Float64Array, fields: readonly SequenceFields[], steps = 1): Promise<number[]> {
    const V = logits.length / fields.length;
    const { g, memory, state } = samplingOf(logits, V, fields, steps);
    return [...(await runOnGpu(g.steps, memory, [state.history], { variant })).get(state.history)!];
  }

  test.each(sizes)('draws of %i tokens with all kinds of cuts and penalties', async (V) => {
    for (const seed of ofRing([0, 1, 2, 3, 4, 5], { test: (one) => one < 2 })) {
      const next = random(1000 * V + seed);
      const pick = <T>(...of: T[]): T => of[Math.floor(next() * of.length)]!;
      const fields = Array.from({ length: 20 }, (_, row): SequenceFields => {
        return {
          row,
          position: row,
          do_sample: next() < 0.9,
          seed: [Math.floor(next() * 2 ** 32), row],
          temperature: pick(1, 0.3, 2, 20),
          top_k: pick(0, 0, 1, 3, 50, V),
          top_p: pick(1, 0.95, 0.9, 0.731, 0.3, 1e-4, 1e-38),
          repetition_penalty: pick(1, 1, 1.3, 5, 0.4),
          ids: Array.from({ length: pick(0, 1, 40) }, () => Math.floor(next() * V)),
        };
      });
      const logits = fields.flatMap((_, row) => [...hardLogits(V, 20 * seed + row)]);
      const { g, memory, wanted } = samplingOf(Float64Array.from(logits), V, fields);
      await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
    }
  });

  // In `npm test`, the serial variant runs a third of the cases.
  const leftovers = golden.map(([situation, row], index) => ({ situation, row, index }));
  const chosen = ofRing(leftovers, { test: ({ index }) => variant === 'workgroup' || index % 3 === 0 });
  test.each(chosen)('draws the tokens that transformers may draw: $situation', async ({ row }) => {
    const V = row.logits.length;
    const draws = 1000;
    const fields = Array.from({ length: draws }, (_, b) => ({ ...row, row: b, seed: [b, 7] as const }));
    const logits = logitsOf(row);
    const { g, memory, state } = samplingOf(Float64Array.from(fields.flatMap(() => [...logits])), V, fields);
    const drawn = new Set((await runOnGpu(g.steps, memory, [state.ids], { variant })).get(state.ids));
    const { kept, scores } = expectedOf(row);
    const best = Math.max(...scores);
    if (!row.do_sample) {
      expect(drawn).toEqual(new Set([scores.indexOf(best)]));
      return;
    }
    const total = kept.reduce((sum, v) => sum + Math.exp(scores[v]! - best), 0);
    expect(kept.filter((v) => drawn.has(v))).toHaveLength(drawn.size);
    // For fewer than one seed in a thousand, one of these tokens is never drawn.
    const likely = kept.filter((v) => (draws * Math.exp(scores[v]! - best)) / total > 10);
    expect(likely.filter((v) => !drawn.has(v))).toEqual([]);
  });

  test.each([
    { top_k: 0, top_p: 0.9 },
    { top_k: 100, top_p: 0.5, repetition_penalty: 1.2, ids: [1, 5, 31, 32, largest - 1] },
  ])('the largest vocabulary, top_k=$top_k top_p=$top_p', async (cut) => {
    const fields = { do_sample: true, position: 3, ...cut };
    const { g, memory, wanted } = samplingOf(randomArray(largest, 9, 12), largest, [fields], 3);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  });

  test('in a large vocabulary small weights count together, though each alone is rounded off', async () => {
    const V = 49_152;
    // Each weight e^−17 is less than half a unit in the last place of 1, but together they are 0.2 %.
    const logits = new Float64Array(V).fill(-17);
    logits[0] = 0;
    const fields = { do_sample: true, top_p: 0.9999, seed: [2962, 0] } as const;
    const expected = samplingOf(logits, V, [fields]);
    expect(runReference(expected.g.steps, expected.memory).get(expected.state.ids)![0]).toBeGreaterThan(0);
    const { g, memory, wanted } = samplingOf(logits, V, [fields]);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  });

  test.each([
    { equals: 300, top_p: 0.25, kept: 75 },
    { equals: 300, top_p: 0.0001, kept: 1 },
    { equals: 300, top_p: 0.9999, kept: 300 },
    { equals: 2, top_p: 0.5, kept: 1 },
  ])('$kept of $equals equal logits have $top_p: those of the lowest tokens', async ({ equals, top_p, kept }) => {
    const V = 700;
    const logits = Float64Array.from({ length: V }, (_, v) => (v % 2 === 1 && v < 2 * equals ? 1.5 : -20));
    const drawn = new Set(await tokens(logits, [{ do_sample: true, top_p }], 1000));
    expect(Math.max(...drawn)).toBeLessThan(2 * kept);
    expect(drawn.size).toBeGreaterThan(0.9 * kept);
  });

  test('draws follow the softmax over what top_p leaves of the penalised logits', async () => {
    const logits = Float64Array.of(0, 1, 3, -1, 0.5, 2.5, -0.5, 0.25);
    const draws = 4000;
    const cut = { temperature: 2, top_k: 0, top_p: 0.85 };
    const fields = Array.from({ length: draws }, (_, row): SequenceFields => {
      return { row, seed: [row, 3], do_sample: true, ...cut, repetition_penalty: 2, ids: [2, 3] };
    });
    const drawn = await tokens(Float64Array.from(fields.flatMap(() => [...logits])), fields);
    const z = Float64Array.of(0, 1, 1.5, -2, 0.5, 2.5, -0.5, 0.25);
    const kept = candidates(z, cut);
    expect(ascending(kept)).toEqual([0, 1, 2, 4, 5, 7]);
    const weights = z.map((logit, v) => (kept.has(v) ? Math.exp(logit / 2) : 0));
    const total = weights.reduce((a, b) => a + b);
    expect(drawn.every((token) => kept.has(token))).toBe(true);
    // Chi-square with 5 degrees of freedom exceeds 20.5 for one seed in a thousand.
    const chiSquare = [...kept].reduce((sum, v) => {
      const expected = (draws * weights[v]!) / total;
      return sum + (drawn.filter((token) => token === v).length - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(20.5);
  });

  test.each<[string, readonly number[], readonly number[]]>([
    ['infinite ones alone', [1, INFINITY, 3, INFINITY], [1, 3]],
    ['infinite ones below', [-INFINITY, 2, -INFINITY, 2], [1, 3]],
    ['nothing but −∞', [-INFINITY, -INFINITY], [0, 1]],
    ['what is too far apart for float32', [-3e38, 3e38, 0], [1]],
    ['NaN is no number to draw from others', [Number.NaN, 1, 1], [0, 1, 2]],
  ])('logits that are not finite: %s', async (_, z, possible) => {
    const fields = [0.99, 0.5].flatMap((top_p) =>
      [0, 2].flatMap((top_k) =>
        [1e-30, 1, 1e30].map((repetition_penalty, row): SequenceFields => {
          const ids = repetition_penalty === 1 ? z.keys() : [];
          return { do_sample: true, top_p, top_k, repetition_penalty, ids: [...ids], seed: [row, top_k] };
        }),
      ),
    );
    const rows = fields.map((field, row) => ({ ...field, row }));
    for (const token of await tokens(Float64Array.from(rows.flatMap(() => z)), rows, 5)) {
      expect(possible).toContain(token);
    }
  });

  test('a greedy text prefers tokens that it lacks', async () => {
    // A penalty of 2 turns the logit 4 into 2, then 3.5 into 1.75. It makes negative logits more negative.
    const logits = Float64Array.of(4, 3.5, 2.25, 1, -1, -1.5);
    const fields = { repetition_penalty: 2, ids: [2] };
    expect(await tokens(logits, [fields], 5)).toEqual([0, 1, 0, 0, 0]);
    expect(await tokens(logits, [{ ...fields, repetition_penalty: 5 }], 5)).toEqual([0, 1, 3, 0, 0]);
    const below = Float64Array.of(-1, -1.5, -1.25);
    expect(await tokens(below, [{ ...fields, repetition_penalty: 1.4 }], 4)).toEqual([0, 0, 0, 0]);
    expect(await tokens(below, [{ ...fields, repetition_penalty: 1.6 }], 4)).toEqual([0, 1, 0, 0]);
    expect(await tokens(below, [{ ...fields, repetition_penalty: 0.5, ids: [1] }], 3)).toEqual([1, 1, 1]);
  });

  test('a penalty changes only the logits of its own sequence and tokens, and 1 changes none', async () => {
    const V = 70;
    const z = randomArray(V, 3, 4);
    const all = [...z.keys()];
    const fields = [{ ids: all }, { repetition_penalty: 2, ids: [0, 31, 32, 69] }, { repetition_penalty: 3 }];
    const rows = fields.map((field, row) => ({ ...field, row }));
    const { g, memory, logits } = samplingOf(Float64Array.from([...z, ...z, ...z]), V, rows);
    const after = (await runOnGpu(g.steps, memory, [logits], { variant })).get(logits)!;
    const halved = z.map((logit, v) => (fields[1]!.ids!.includes(v) ? penalised(logit, 2) : logit));
    expect(after).toEqual(Float64Array.from([...z, ...halved, ...z]));
  });
});

describe('the reference keeps what transformers keeps', () => {
  test.each(golden)('%s', (_, row) => {
    const { kept, scores } = expectedOf(row);
    expect(kept).toHaveLength(row.kept.length);
    const own = ascending(kept.map((v) => scores[v]!));
    for (const [i, score] of ascending(row.scores).entries()) expect(own[i]).toBeCloseTo(score, 5);
    if (new Set(own).size === own.length) expect(kept).toEqual(row.kept);
  });
});

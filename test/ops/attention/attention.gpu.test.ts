import { describe, expect, test } from 'vitest';
import { roundUp } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { ropeTable } from '../../../src/models/positions/rope_table';
import { type AttentionInputs, attention } from '../../../src/ops/attention/attention';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import type { Rotary } from '../../../src/ops/rope';
import { expectGpuEqualsReference, input, isDefaultVariant, runOnGpu, withVariants } from '../../helpers/gpu/on_gpu';
import { pairsOf } from '../../helpers/maths/covering';
import { randomArray } from '../../helpers/maths/random';
import { coveringOfRing, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

const families = ['serial', 'subgroup', 'workgroup', 'workgroup_apart', 'held'];

interface Case {
  readonly B: number;
  readonly T: number;
  readonly H: number;
  readonly Hkv: number;
  readonly D: number;
  readonly padding: 'no' | 'left' | 'right' | 'all';
  /** In every row, a new document begins at each of these token indices. */
  readonly documents?: readonly number[];
  readonly window?: number;
  readonly softcap?: number;
  readonly causal?: boolean;
  /** Whether heads of queries and keys are rotated before attention. */
  readonly rotated?: boolean;
}

/** Returns a mask with padding that grows from row to row: row b masks about (b + 1) / (B + 1) of its tokens. */
function maskOf({ B, T, padding }: Case): Float64Array {
  const mask = new Float64Array(B * T).fill(1);
  for (let b = 0; b < B; b++) {
    const masked = padding === 'no' ? 0 : padding === 'all' ? T : Math.ceil(((b + 1) * T) / (B + 1));
    for (let t = 0; t < masked; t++) mask[b * T + (padding === 'right' ? T - 1 - t : t)] = 0;
  }
  return mask;
}

function makeInputs(memory: Memory, size: Case): AttentionInputs {
  const { B, T, H, Hkv, D, window, softcap, causal = true, rotated } = size;
  const make = (name: string, heads: number, seed: number): Value =>
    input(memory, name, [B * T, heads * D], randomArray(B * T * heads * D, seed, 2));
  const spans = input(memory, 'spans', [B, T, 2], Float64Array.from(attentionSpans(documentsOf(size), T)), 'u32');
  return {
    q: make('q', H, 1),
    k: make('k', Hkv, 2),
    v: make('v', Hkv, 3),
    spans,
    B,
    T,
    H,
    Hkv,
    D,
    ...(window && { window }),
    ...(softcap && { softcap }),
    ...(rotated && { rotary: rotaryOf(memory, size) }),
    causal,
  };
}

function rotaryOf(memory: Memory, { B, T, D }: Case): Rotary {
  const table = Float64Array.from(ropeTable({ type: 'default', theta: 500 }, D, T + 2));
  const positions = Float64Array.from({ length: B * T }, (_, n) => T + 1 - (n % T));
  return {
    table: input(memory, 'table', [T + 2, D], table),
    positions: input(memory, 'positions', [B * T], positions, 'u32'),
  };
}

/** Returns the document number of each token; masked tokens have 0. */
function documentsOf(size: Case): Float64Array {
  return maskOf(size).map((bit, n) => bit * (1 + (size.documents ?? []).filter((end) => end <= n % size.T).length));
}

const cases: Case[] = [
  { B: 1, T: 1, H: 1, Hkv: 1, D: 4, padding: 'no' },
  { B: 3, T: 5, H: 4, Hkv: 2, D: 8, padding: 'right' },
  { B: 2, T: 33, H: 6, Hkv: 1, D: 64, padding: 'left' },
  { B: 2, T: 123, H: 2, Hkv: 2, D: 6, padding: 'left' },
  { B: 2, T: 64, H: 2, Hkv: 1, D: 10, padding: 'right' },
  { B: 1, T: 65, H: 2, Hkv: 2, D: 48, padding: 'no' },
  { B: 1, T: 9, H: 2, Hkv: 1, D: 8, padding: 'all' },
  { B: 1, T: 66, H: 1, Hkv: 1, D: 132, padding: 'no' },
  { B: 2, T: 128, H: 4, Hkv: 2, D: 32, padding: 'no' },
  { B: 2, T: 70, H: 4, Hkv: 2, D: 8, padding: 'right', documents: [1, 3, 20, 33, 34, 61] },
  { B: 1, T: 131, H: 2, Hkv: 2, D: 16, padding: 'no', documents: [48, 64, 128] },
  { B: 2, T: 50, H: 2, Hkv: 1, D: 12, padding: 'left', documents: [5, 17, 40] },
  { B: 2, T: 131, H: 6, Hkv: 3, D: 8, padding: 'left' },
  { B: 2, T: 70, H: 2, Hkv: 1, D: 8, padding: 'left', window: 2 },
  { B: 2, T: 131, H: 4, Hkv: 2, D: 8, padding: 'right', window: 5, documents: [3, 40, 66] },
  { B: 1, T: 150, H: 2, Hkv: 1, D: 24, padding: 'no', window: 33 },
  { B: 1, T: 40, H: 1, Hkv: 1, D: 8, padding: 'left', window: 100 },
  { B: 2, T: 45, H: 2, Hkv: 1, D: 8, padding: 'left', softcap: 2 },
  { B: 1, T: 70, H: 4, Hkv: 2, D: 20, padding: 'right', softcap: 5, window: 21 },
  { B: 3, T: 37, H: 2, Hkv: 1, D: 8, padding: 'right', causal: false },
  { B: 2, T: 70, H: 4, Hkv: 2, D: 16, padding: 'left', causal: false },
  { B: 2, T: 131, H: 2, Hkv: 2, D: 8, padding: 'no', causal: false, documents: [3, 40, 66, 100] },
  { B: 1, T: 66, H: 1, Hkv: 1, D: 68, padding: 'right', causal: false, window: 9, softcap: 4 },
  { B: 1, T: 9, H: 2, Hkv: 1, D: 8, padding: 'all', causal: false },
  { B: 2, T: 45, H: 4, Hkv: 2, D: 8, padding: 'left', rotated: true },
  { B: 1, T: 66, H: 2, Hkv: 1, D: 64, padding: 'no', rotated: true },
  { B: 1, T: 35, H: 2, Hkv: 2, D: 24, padding: 'right', documents: [9], rotated: true },
  { B: 1, T: 34, H: 2, Hkv: 1, D: 136, padding: 'no', window: 9, softcap: 5, rotated: true },
];

const heads = withVariants(families, cases).filter(({ variant, D }) => variant !== 'held' || roundUp(D, 4) === 8);
const chosen = coveringOfRing(
  heads,
  ({ variant, T, H, Hkv, D, padding, documents, window, softcap, causal = true, rotated }) =>
    pairsOf([
      variant,
      `${D % 4 === 0 ? 'whole' : 'ragged'} lines`,
      `${T > 64 ? 'several tiles' : 'one tile'}`,
      `${Hkv < H ? 'grouped' : 'own'} keys`,
      `${padding} padding`,
      `${documents === undefined ? 'one document' : 'documents'}`,
      `${window === undefined ? 'no window' : 'a window'}`,
      `${softcap === undefined ? 'no cap' : 'a cap'}`,
      `${causal ? 'causal' : 'both ways'}`,
      `${rotated ? 'rotated' : 'as they are'}`,
    ]),
  { quick: ({ variant }) => isDefaultVariant(variant) },
);

test.each(chosen)(
  'attention, $variant, B=$B T=$T H=$H/$Hkv D=$D, $padding padding, documents $documents, window $window, softcap $softcap, causal $causal, rotated $rotated',
  async ({ variant, ...size }) => {
    const memory: Memory = new Map();
    const inputs = makeInputs(memory, size);
    const { q, k, v } = inputs;
    const [q1, k1, v1] = [q, k, v].map((value, index) =>
      input(memory, `earlier ${value.name}`, value.shape, randomArray(memory.get(value)?.length ?? 0, 11 + index)),
    ) as [Value, Value, Value];
    const dy = input(memory, 'dy', q.shape, randomArray(memory.get(q)?.length ?? 0, 4));
    const g = new Graph();
    for (const value of [q, k, v]) g.train(value);
    const y = attention(g, inputs);
    const alone = g.grad(y, dy, new Map());
    const summed = g.grad(
      y,
      dy,
      new Map([
        [q, q1],
        [k, k1],
        [v, v1],
      ]),
    );
    const gradients = [q, k, v].flatMap((value) => [alone.get(value), summed.get(value)]) as Value[];
    // Scores of up to D/√D · 4 = 46 are rounded a few times by 2⁻²⁴ of their size. exp turns this into a relative error
    // of about 46 · 2 · 6e-8 in each attention weight, and the gradients of scores have a similar error. WGSL's exp adds
    // at least 3 ULP. With a single token, the gradient of its score is 0 except for rounding: the difference of two
    // equal sums of D products in different orders.
    const floor = size.T === 1 ? 0.1 : 1e-3;
    await expectGpuEqualsReference(g, memory, [y, ...gradients], 1e-5, { variant, floor });
  },
);

describe.each(ofRing(families, { quick: isDefaultVariant }))('attention, %s', (variant) => {
  test('later tokens leave earlier ones alone, bit for bit', async () => {
    const [H, D, from] = [2, 8, 41];
    const run = async (change: boolean): Promise<Float64Array> => {
      const memory: Memory = new Map();
      const inputs = makeInputs(memory, { B: 1, T: 70, H, Hkv: 1, D, padding: 'no' });
      for (const value of change ? [inputs.q, inputs.k, inputs.v] : []) {
        memory.get(value)?.fill(3, from * (value.shape[1] as number));
      }
      const g = new Graph();
      const y = attention(g, inputs);
      return (await runOnGpu(g.steps, memory, [y], { variant })).get(y) as Float64Array;
    };
    const [before, after] = [await run(false), await run(true)];
    expect(after.subarray(0, from * H * D)).toEqual(before.subarray(0, from * H * D));
    expect(after.subarray(from * H * D)).not.toEqual(before.subarray(from * H * D));
  });

  test('large scores neither overflow nor vanish', async () => {
    const memory: Memory = new Map();
    const inputs = makeInputs(memory, { B: 1, T: 40, H: 1, Hkv: 1, D: 8, padding: 'no' });
    for (const value of [inputs.q, inputs.k]) memory.set(value, randomArray(320, 7, 70));
    const g = new Graph();
    const y = attention(g, inputs);
    // Scores reach 14,000. Rounding them by 2⁻²⁴ of that, 0.0008, gives attention weights a relative error of 0.0008.
    await expectGpuEqualsReference(g, memory, [y], 5e-3, { variant });
  });
});

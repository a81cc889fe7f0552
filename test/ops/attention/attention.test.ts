import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { ropeTable } from '../../../src/models/positions/rope_table';
import { type AttentionInputs, attention } from '../../../src/ops/attention/attention';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import type { Rotary } from '../../../src/ops/rope';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

interface Sizes {
  readonly T: number;
  readonly H: number;
  readonly Hkv: number;
  readonly D: number;
  /** For each row and token: 0 for padding, otherwise the number of the token's document. */
  readonly mask: readonly (readonly number[])[];
  readonly window?: number;
  readonly softcap?: number;
  readonly causal?: boolean;
  /** The number of elements at the beginning of each head that are rotated. Default: 0. */
  readonly R?: number;
}

function makeInputs(memory: Memory, { T, H, Hkv, D, mask, window, softcap, causal = true, R }: Sizes): AttentionInputs {
  const B = mask.length;
  const make = (name: string, heads: number, seed: number): Value =>
    input(memory, name, [B * T, heads * D], randomArray(B * T * heads * D, seed, 2));
  return {
    q: make('q', H, 1),
    k: make('k', Hkv, 2),
    v: make('v', Hkv, 3),
    spans: input(memory, 'spans', [B, T, 2], Float64Array.from(attentionSpans(mask.flat(), T)), 'u32'),
    B,
    T,
    H,
    Hkv,
    D,
    ...(window && { window }),
    ...(softcap && { softcap }),
    ...(R && { rotary: rotaryOf(memory, B * T, R) }),
    causal,
  };
}

function rotaryOf(memory: Memory, N: number, R: number): Rotary {
  const table = Float64Array.from(ropeTable({ type: 'default', theta: 9 }, R, N + 1));
  const positions = Float64Array.from({ length: N }, (_, n) => N - n);
  return {
    table: input(memory, 'table', [N + 1, R], table),
    positions: input(memory, 'positions', [N], positions, 'u32'),
  };
}

describe('attention: central differences', () => {
  test.each<[string, Sizes]>([
    ['one token', { T: 1, H: 1, Hkv: 1, D: 2, mask: [[1]] }],
    ['a head each', { T: 4, H: 2, Hkv: 2, D: 4, mask: [[1, 1, 1, 1]] }],
    [
      'shared keys, padding on either side, an empty row',
      {
        T: 4,
        H: 4,
        Hkv: 2,
        D: 2,
        mask: [
          [1, 1, 1, 0],
          [0, 0, 1, 1],
          [0, 0, 0, 0],
        ],
      },
    ],
    ['one key head for all, heads of 6', { T: 3, H: 3, Hkv: 1, D: 6, mask: [[1, 0, 1]] }],
    [
      'documents side by side',
      {
        T: 5,
        H: 2,
        Hkv: 1,
        D: 2,
        mask: [
          [1, 1, 2, 0, 2],
          [0, 1, 2, 2, 1],
        ],
      },
    ],
    ['a window of two', { T: 5, H: 2, Hkv: 1, D: 2, mask: [[1, 1, 0, 1, 1]], window: 2 }],
    [
      'both ways',
      {
        T: 4,
        H: 2,
        Hkv: 1,
        D: 2,
        mask: [
          [1, 1, 1, 0],
          [0, 1, 2, 2],
        ],
        causal: false,
      },
    ],
    ['both ways, a window of two', { T: 5, H: 2, Hkv: 1, D: 2, mask: [[1, 1, 1, 1, 1]], window: 2, causal: false }],
    ['capped scores', { T: 4, H: 2, Hkv: 1, D: 2, mask: [[1, 1, 1, 1]], softcap: 1.5 }],
    ['rotated heads', { T: 3, H: 2, Hkv: 1, D: 8, mask: [[1, 1, 1]], R: 8 }],
    [
      'rotated heads of a size that one dispatch does not turn back',
      { T: 3, H: 2, Hkv: 1, D: 4, mask: [[1, 1, 1]], R: 4 },
    ],
    ['partly rotated heads', { T: 3, H: 2, Hkv: 1, D: 8, mask: [[1, 1, 1]], R: 4 }],
  ])('%s', (_, sizes) => {
    const memory: Memory = new Map();
    const inputs = makeInputs(memory, sizes);
    expectGradient((g) => attention(g, inputs), memory, [inputs.q, inputs.k, inputs.v]);
  });
});

test('is softmax(q·kᵀ/√D)·v over earlier tokens', () => {
  const memory: Memory = new Map();
  const inputs: AttentionInputs = {
    q: input(memory, 'q', [2, 4], Float64Array.from([9, 9, 9, 9, 1, 1, 0, 0])),
    k: input(memory, 'k', [2, 4], Float64Array.from([2, 0, 0, 0, 0, 4, 0, 0])),
    v: input(memory, 'v', [2, 4], Float64Array.from([1, 0, 2, 0, 0, 1, 4, 0])),
    spans: input(memory, 'spans', [1, 2, 2], Float64Array.from(attentionSpans([1, 1], 2)), 'u32'),
    B: 1,
    T: 2,
    H: 1,
    Hkv: 1,
    D: 4,
  };
  const g = new Graph();
  const y = attention(g, inputs);
  const values = runReference(g.steps, memory).get(y) as Float64Array;
  // The two scores of the last query are 1 and 2.
  const first = 1 / (1 + Math.E);
  [1, 0, 2, 0, first, 1 - first, 2 * first + 4 * (1 - first), 0].forEach((value, index) => {
    expect(values[index]).toBeCloseTo(value, 12);
  });
});

test('gives gradients only where they are wanted', () => {
  const inputs = makeInputs(new Map(), { T: 2, H: 2, Hkv: 1, D: 4, mask: [[1, 1]] });
  const kernels = (...trained: Value[]): string[] => {
    const g = new Graph();
    for (const value of trained) g.train(value);
    const y = attention(g, inputs);
    const before = g.steps.length;
    g.grad(y, pinned('dy', y.shape), new Map());
    return g.steps.slice(before).map(({ kernel, params }) => `${kernel.name} ${params.of_keys ?? ''}`.trim());
  };
  expect(kernels()).toEqual([]);
  expect(kernels(inputs.q)).toEqual(['attention_backward 0']);
  // The pass for queries always runs, because it also computes y · dy.
  expect(kernels(inputs.v)).toEqual(['attention_backward 0', 'attention_backward 1']);
  expect(kernels(inputs.q, inputs.k)).toEqual(['attention_backward 0', 'attention_backward 1']);
});

test('turns the gradients of whole heads back in the dispatches that make them', () => {
  const memory: Memory = new Map();
  const kernels = (R: number): string[] => {
    const inputs = makeInputs(memory, { T: 2, H: 2, Hkv: 2, D: 8, mask: [[1, 1]], R });
    const g = new Graph();
    for (const value of [inputs.q, inputs.k]) g.train(value);
    const y = attention(g, inputs);
    g.grad(y, pinned('dy', y.shape), new Map());
    return g.steps.map(({ kernel }) => kernel.name);
  };
  expect(kernels(8)).toEqual(['rope', 'attention', 'gather_rows', 'attention_backward', 'attention_backward']);
  expect(kernels(4)).toEqual(['rope_partial', 'attention', 'attention_backward', 'attention_backward', 'rope_partial']);
});

test('stores no score', () => {
  const T = 1024;
  const g = new Graph();
  const shape = [T, 8];
  const [q, k, v] = [pinned('q', shape), pinned('k', shape), pinned('v', shape)];
  g.train(q);
  g.train(k);
  const y = attention(g, { q, k, v, spans: pinned('spans', [1, T, 2], 'u32'), B: 1, T, H: 2, Hkv: 2, D: 4 });
  g.grad(y, pinned('dy', shape), new Map());
  const sizes = g.steps.flatMap(({ values }) =>
    Object.values(values)
      .flatMap((value) => value.parts?.map((part) => part.value) ?? [value])
      .map((value) => value.shape.reduce((a, b) => a * b)),
  );
  expect(Math.max(...sizes)).toBe(T * 8);
});

describe('attention refuses', () => {
  const good = { B: 2, T: 3, H: 4, Hkv: 2, D: 8, window: 2, softcap: 9 };
  const build =
    (sizes: typeof good, spansShape = [2, 3, 2]) =>
    () =>
      attention(new Graph(), {
        q: pinned('q', [6, 32]),
        k: pinned('k', [6, 16]),
        v: pinned('v', [6, 16]),
        spans: pinned('spans', spansShape, 'u32'),
        ...sizes,
      });
  test.each<[string, () => Value]>([
    ['kv heads that do not divide the heads', build({ ...good, Hkv: 3 })],
    ['other head sizes', build({ ...good, D: 4 })],
    ['a cap of nothing', build({ ...good, softcap: 0 })],
    ['a window of nothing', build({ ...good, window: 0 })],
    ['other lengths', build({ ...good, T: 2 })],
    ['spans of another shape', build(good, [3, 2, 2])],
  ])('%s', (_, body) => {
    expect(build(good)).not.toThrow();
    expect(codeThrownBy(body)).toBe('invalid_argument');
  });
});

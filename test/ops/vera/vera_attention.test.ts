import { expect, test } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { ropeTable } from '../../../src/models/positions/rope_table';
import { attention } from '../../../src/ops/attention/attention';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { emitProjection, type VeraLayer, veraLinears } from '../../../src/ops/vera/vera';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const [T, C, R, H, Hkv, D] = [3, 8, 4, 2, 1, 8];
const ROOM = H * D + R;

type Part = 'q' | 'k' | 'v';

interface Case {
  /** The adapted layers. */
  readonly adapted: readonly Part[];
  /** The adapted layers whose ΔW is merged. Default: none. */
  readonly merged?: readonly Part[];
  /** Whether the heads of queries and keys are normalised. Default: false. */
  readonly normed?: boolean;
}

/** Builds attention after three layers with one input, some of which are adapted. */
function attentionAfter({ adapted, merged = [], normed = false }: Case) {
  const memory: Memory = new Map();
  const values = (name: string, shape: readonly number[], seed: number) =>
    input(memory, name, shape, randomArray(numel(shape), seed));
  const x = values('x', [T, C], 1);
  const [A, B, lambda] = [values('A', [R, C], 2), values('B', [H * D, R], 3), values('lambda', [3 * ROOM], 4)];
  const norm = values('norm', [D], 5);
  const rotary = {
    table: input(memory, 'table', [T, D], Float64Array.from(ropeTable({ type: 'default', theta: 9 }, D, T))),
    positions: input(memory, 'positions', [T], Float64Array.from([2, 0, 1]), 'u32'),
  };
  const spans = input(memory, 'spans', [1, T, 2], Float64Array.from(attentionSpans([1, 1, 1], T)), 'u32');
  const weights = (['q', 'k', 'v'] as const).map((part, index) => {
    const M = part === 'q' ? H * D : Hkv * D;
    return { part, weight: values(part, [M, C], 6 + index), offsetB: index * ROOM, offsetD: index * ROOM + M };
  });
  const build = (g: Graph): Value => {
    const projection = adapted.length === 0 ? undefined : emitProjection(g, x, A);
    const layers = weights.map(({ part, weight, ...place }): VeraLayer => {
      if (projection === undefined || !adapted.includes(part)) return { weight };
      return merged.includes(part)
        ? { weight, merged: { A, B, lambda, ...place } }
        : { weight, low: { u: projection.u, B, lambda, ...place } };
    });
    const [q, k, v] = veraLinears(g, x, layers, projection) as [Value, Value, Value];
    const head = (value: Value) => (normed ? rmsNorm(g, value, norm, 1e-5) : value);
    return attention(g, { q: head(q), k: head(k), v, spans, B: 1, T, H, Hkv, D, rotary });
  };
  return { build, memory, x, lambda };
}

/** Here merged layers compute with W alone, so central differences can check the gradient of x, but not that of merged λ. */
const cases: Case[] = [
  ...[['q'], ['k'], ['v'], ['q', 'k'], ['q', 'v'], ['k', 'v'], ['q', 'k', 'v']].flatMap((adapted) =>
    [false, true].map((normed) => ({ adapted: adapted as Part[], normed })),
  ),
  { adapted: ['q', 'k', 'v'], merged: ['q'] },
  { adapted: ['q', 'k', 'v'], merged: ['k', 'v'] },
];

test.each(cases)('adapted $adapted, merged $merged, normed $normed: central differences', ({ ...sizes }) => {
  const { build, memory, x, lambda } = attentionAfter(sizes);
  if (sizes.merged === undefined) expectGradient(build, memory, [lambda], { tolerance: 1e-6 });
  expectGradient(build, memory, [x], { tolerance: 1e-6 });
});

test('gradients of queries, keys and values are joined as far as they have no other place', () => {
  const kernels = (sizes: Case): string[] => {
    const { build, lambda, x } = attentionAfter(sizes);
    const g = new Graph();
    g.train(lambda);
    g.train(x);
    const y = build(g);
    const before = g.steps.length;
    g.grad(y, y, new Map([[lambda, lambda]]));
    return g.steps.slice(before).map(({ kernel }) => kernel.name);
  };
  const count = (sizes: Case): number => kernels(sizes).filter((name) => name === 'vera_up_backward').length;
  expect(count({ adapted: ['q', 'k', 'v'] })).toBe(1);
  expect(count({ adapted: ['q', 'v'] })).toBe(1);
  expect(count({ adapted: ['k', 'v'] })).toBe(2);
  expect(count({ adapted: ['q', 'k', 'v'], normed: true })).toBe(2);
});

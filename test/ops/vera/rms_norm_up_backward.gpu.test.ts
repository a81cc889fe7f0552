import { expect, test } from 'vitest';
import { roundUp } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { emitProjection, veraLinears } from '../../../src/ops/vera/vera';
import { expectGpuEqualsReference, input, OF_SHARED_TILES, TILES_IN_F16, withVariants } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { describeOnce, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly N: number;
  readonly C: number;
  readonly R: number;
  readonly offset?: 0 | 1;
  /** Whether the norm's input is also added to the network's result, as in a residual stream. Default: false. */
  readonly residual?: boolean;
  /** The number of heads that the norm normalises separately. Default: 1. */
  readonly heads?: number;
  /** Whether the norm's weight trains. Default: false. */
  readonly trained?: boolean;
}

/** The columns of the layer's input. */
const INPUTS = 8;

/** A layer with an adapter, and the norm that reads its result. */
function normed({ N, C, R, offset = 0, residual = false, heads = 1, trained = false }: Case) {
  const memory: Memory = new Map();
  let seed = 0;
  const random = (name: string, shape: readonly number[]) => {
    seed += 1;
    const size = shape.reduce((product, length) => product * length, 1);
    return input(memory, name, shape, randomArray(size, seed));
  };
  const g = new Graph();
  const x = g.train(random('x', [N, INPUTS]));
  const offsetD = roundUp(C, 4);
  const lambda = g.train(random('lambda', [offsetD + R]));
  const projection = emitProjection(g, x, random('A', [R, INPUTS]));
  const low = { u: projection.u, B: random('B', [C + 4, R]), lambda, offsetB: 0, offsetD };
  const [y] = veraLinears(g, x, [{ weight: random('weight', [C, INPUTS]), low }], projection) as [Value];
  const scale = random('scale', [C / heads]);
  const z = rmsNorm(g, y, trained ? g.train(scale) : scale, 1e-2, { weightOffset: offset });
  const last = { weight: random('last', [C, C]), residual: residual ? y : undefined };
  const [result] = veraLinears(g, z, [last]) as [Value];
  const before = g.steps.length;
  const into = [lambda, ...(trained ? [scale] : [])].map((value) => {
    const grads = input(memory, `grads of ${value.name}`, value.shape, new Float64Array(value.shape[0] ?? 0));
    return [value, grads] as const;
  });
  const totals = g.grad(result, random('dz', [N, C]), new Map(into));
  const back = g.steps.slice(before);
  const made = back.find(({ kernel }) => kernel.name === 'rms_norm_up_backward');
  const wanted = [made?.values.dx, made?.values.du, totals.get(x), totals.get(lambda)];
  return {
    ...{ g, memory, made, names: back.map(({ kernel }) => kernel.name) },
    wanted: wanted.filter((value) => value !== undefined),
  };
}

const SIZES: readonly Case[] = [
  { N: 16, C: 12, R: 4, residual: true },
  { N: 80, C: 192, R: 132, offset: 1 },
  { N: 144, C: 100, R: 64, offset: 1, residual: true },
];
const VARIANTS = ['workgroup', 'workgroup_oblong', 'workgroup_small', 'subgroup'];

test.each(ofRing(withVariants(VARIANTS, SIZES), OF_SHARED_TILES))(
  "a norm's gradient and that of u, $variant, $N×$C → $R, + $offset, residual $residual",
  async ({ variant, ...sizes }) => {
    const { g, memory, names, made, wanted } = normed(sizes);
    expect(names.slice(0, 2)).toEqual(['linear_backward', 'rms_norm_up_backward']);
    expect(made?.params.has_sum).toBe(Number(sizes.residual ?? false));
    expect(wanted).toHaveLength(4);
    // Reductions in f32 have errors of a few ULP.
    await expectGpuEqualsReference(g, memory, wanted, 3e-6, { variant });
  },
);

const IN_F16: readonly Case[] = [
  { N: 16, C: 64, R: 4, residual: true },
  { N: 80, C: 192, R: 132, offset: 1 },
];

test.each(ofRing(withVariants(TILES_IN_F16, IN_F16), OF_SHARED_TILES))(
  "a norm's gradient and that of u, $variant, $N×$C → $R",
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted } = normed(sizes);
    await expectGpuEqualsReference(g, memory, wanted, 5e-3, { variant });
  },
);

describeOnce('the plan of a norm beside a product', () => {
  test.each<Case>([
    { N: 4, C: 64, R: 8 },
    { N: 17, C: 64, R: 8 },
    { N: 16, C: 66, R: 8 },
    { N: 16, C: 64, R: 6 },
    { N: 16, C: 64, R: 8, heads: 2 },
  ])('few rows, lines that are no whole words, and norms of heads take dispatches of their own: %o', (sizes) => {
    expect(normed(sizes).names.slice(1, 3)).toEqual(['rms_norm_backward', 'vera_up_backward']);
  });

  test("a trained norm's gradient comes between both, so they keep their dispatches", () => {
    expect(normed({ N: 16, C: 64, R: 8, trained: true }).names.slice(1, 4)).toEqual([
      'rms_norm_backward',
      'rms_norm_weight_backward',
      'vera_up_backward',
    ]);
  });
});

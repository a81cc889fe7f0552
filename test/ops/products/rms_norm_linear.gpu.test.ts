import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { emitProjection, veraLinears } from '../../../src/ops/vera/vera';
import {
  expectGpuEqualsReference,
  input,
  OF_SHARED_TILES,
  runOnGpu,
  TILES_IN_F16,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { describeOnce, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly N: number;
  readonly C: number;
  readonly R: number;
  /** The number of columns of A. Default: C. */
  readonly stride?: number;
  readonly offset?: 0 | 1;
  /** Whether a layer without an adapter has the same input. Default: false. */
  readonly plain?: boolean;
}

/** Builds a norm, and a layer with an adapter that reads the norm's result. */
function normed({ N, C, R, stride = C, offset = 0, plain = false }: Case) {
  const memory: Memory = new Map();
  let seed = 0;
  const random = (name: string, shape: readonly number[]) => {
    seed += 1;
    return input(
      memory,
      name,
      shape,
      randomArray(
        shape.reduce((size, length) => size * length, 1),
        seed,
      ),
    );
  };
  const g = new Graph();
  const x = g.train(random('x', [N, C]));
  const y = rmsNorm(g, x, random('scale', [C]), 1e-5, { weightOffset: offset });
  const projection = emitProjection(g, y, random('A', [R, stride]));
  const low = { u: projection.u, B: random('B', [8, R]), lambda: random('lambda', [8 + R]), offsetB: 0, offsetD: 8 };
  const layers = [{ weight: random('weight', [8, C]), low }, ...(plain ? [{ weight: random('plain', [8, C]) }] : [])];
  const [z] = veraLinears(g, y, layers, projection) as [Value];
  const dx = g.grad(z, random('dz', [N, 8]), new Map()).get(x) as Value;
  const names = g.steps.map(({ kernel }) => kernel.name);
  return { g, memory, names, wanted: [y, projection.u, z, dx] };
}

const SIZES: readonly Case[] = [
  { N: 16, C: 12, R: 4, stride: 12, offset: 0 },
  { N: 80, C: 192, R: 132, stride: 200, offset: 1 },
  { N: 144, C: 100, R: 64, stride: 100, offset: 1 },
];
const VARIANTS = ['workgroup', 'workgroup_oblong', 'workgroup_small', 'subgroup'];

test.each(ofRing(withVariants(VARIANTS, SIZES), OF_SHARED_TILES))(
  'a norm and the product by A, $variant, $N×$C → $R of lines of $stride, + $offset',
  async ({ variant, ...sizes }) => {
    const { g, memory, names, wanted } = normed(sizes);
    expect(names.slice(0, 2)).toEqual(['rms_norm_linear', 'vera_linear']);
    // Reductions in f32 have errors of a few ULP.
    await expectGpuEqualsReference(g, memory, wanted, 3e-6, { variant });
  },
);

const IN_F16: readonly Case[] = [
  { N: 16, C: 64, R: 4 },
  { N: 80, C: 192, R: 132, stride: 200, offset: 1 },
];

test.each(ofRing(withVariants(TILES_IN_F16, IN_F16), OF_SHARED_TILES))(
  'a norm and the product by A, $variant, $N×$C → $R: the norm in f32',
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted } = normed(sizes);
    const [y, ...others] = wanted as [Value, ...Value[]];
    await expectGpuEqualsReference(g, memory, [y], 3e-6, { variant });
    await expectGpuEqualsReference(g, memory, others, 5e-3, { variant });
  },
);

const ofNorms = withVariants([...VARIANTS, ...TILES_IN_F16], [...IN_F16, { N: 32, C: 1088, R: 36 }]);

test.each(ofRing(ofNorms, OF_SHARED_TILES))(
  '$variant, $N×$C: the norm has the bits of a norm without a product, as an untrained adapter’s model needs',
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted } = normed(sizes);
    const [y] = wanted as [Value, ...Value[]];
    const made = await runOnGpu(g.steps.slice(0, 1), memory, [y], { variant });
    const alone = new Graph();
    const [x, scale] = [...memory.keys()].filter(({ name }) => name === 'x' || name === 'scale') as [Value, Value];
    const expected = rmsNorm(alone, x, scale, 1e-5, { weightOffset: sizes.offset ?? 0 });
    for (const form of ['words', 'serial']) {
      const normal = await runOnGpu(alone.steps, memory, [expected], { variant: form });
      expect(made.get(y), form).toEqual(normal.get(expected));
    }
  },
);

describeOnce('the plan of a norm beside a product', () => {
  test.each<Case>([
    { N: 4, C: 64, R: 8 },
    { N: 17, C: 64, R: 8 },
    { N: 16, C: 63, R: 8, stride: 64 },
    { N: 16, C: 64, R: 6 },
  ])('few rows, and lines that are no whole words, take dispatches of their own: %o', (sizes) => {
    expect(normed(sizes).names.slice(0, 2)).toEqual(['rms_norm', 'linear']);
  });

  test('a layer without an adapter shares the dispatch of the product by A, so the norm keeps its own', () => {
    expect(normed({ N: 16, C: 64, R: 8, plain: true }).names.slice(0, 2)).toEqual(['rms_norm', 'linears']);
  });
});

import { FLAT_THREADS, type Params } from '../../core/kernels/kernel';
import { ceilDiv, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { withGradients } from '../products/linear';
import { inParts, threeSizes, threeValues } from '../products/parts';
import { flatKernel, shaderKernel } from '../shader_kernel';
import { expectMixed, type MixedPools } from './mixed_pools';
import { mixedScale, scaleGradients } from './mixed_scale';
import { SLICE, takeMixedSums } from './mixed_sums';

const params = {
  N: 'size',
  C: 'size',
  T: 'size',
  vector_at0: 'place',
  vector_at1: 'place',
  vector_at2: 'place',
  stride: 'u32',
} as const;

export const mixedScalesForward = flatKernel({
  name: 'mixed_scales',
  bindings: { x: 'read', table: 'read', which: 'read', y0: 'write', y1: 'write', y2: 'write' },
  params: { ...params, results: 'u32' },
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C, results }) => results * N * C,
});

/** Computes the gradient of x, and the partial sums of the vectors' gradients, in one pass over all dy. */
export const mixedScalesBackward = shaderKernel({
  name: 'mixed_scales_backward',
  bindings: {
    x: 'read',
    dy0: 'read',
    dy1: 'read',
    dy2: 'read',
    table: 'read',
    which: 'read',
    dx: 'write',
    partials: 'update',
  },
  params: {
    ...params,
    partial0: 'place',
    partial1: 'place',
    partial2: 'place',
    slice: 'u32',
    results: 'u32',
    has_dx: 'u32',
  },
  variants: [
    {
      name: 'vec4',
      wgsl: ['mixed_scales_backward', 'word_vec4'],
      workgroups: ({ N, C, T, slice }) => [ceilDiv(C, 4 * FLAT_THREADS), (N / T) * ceilDiv(T, slice)],
      fits: ({ C, partial0, partial1, partial2 }) => [C, partial0, partial1, partial2].every((at) => at % 4 === 0),
    },
    {
      wgsl: ['mixed_scales_backward', 'word_scalar'],
      workgroups: ({ N, C, T, slice }) => [ceilDiv(C, FLAT_THREADS), (N / T) * ceilDiv(T, slice)],
    },
  ],
  flops: ({ N, C, results }) => 4 * results * N * C,
});

/**
 * Computes `mixedScale` of one x by several vectors, and returns one result for each. The vectors are at `offsets` of the pools and don't
 * overlap. Two or three vectors share one dispatch forward and one backward, each of which reads x once; the backward one also sums the
 * gradients of x. Three vectors then move 4·N·C floats forward and 5·N·C backward, instead of 6·N·C and 11·N·C.
 */
export function mixedScales(g: Graph, x: Value, offsets: readonly number[], pools: MixedPools): Value[] {
  return inParts(offsets, () => true).flatMap((part) => {
    const [offset = 0, ...others] = part;
    return others.length === 0 ? [mixedScale(g, x, { ...pools, offset })] : scaleTogether(g, x, part, pools);
  });
}

/** Computes `mixedScales` for two or three vectors in one dispatch. */
function scaleTogether(g: Graph, x: Value, offsets: readonly number[], pools: MixedPools): Value[] {
  const { table, which, T } = pools;
  const vectors = offsets.map((offset) => ({ ...pools, offset }));
  for (const vector of vectors) expectMixed('mixed_scales', x, vector);
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const results = offsets.length;
  const [vector_at0, vector_at1, vector_at2] = threeSizes(offsets);
  const sizes = { N, C, T, vector_at0, vector_at1, vector_at2, stride: table.shape[1] ?? 0, results };
  const shapes = { y0: x.shape, y1: x.shape, y2: results > 2 ? x.shape : [4] };
  const { y0, y1, y2 } = g.emit(mixedScalesForward, { x, table, which }, shapes, sizes);
  const ys = [y0, y1, y2].slice(0, results);
  g.differentiateAll(ys, [x, table], (dys, sums) => {
    const given = withGradients(
      vectors.map((vector) => ({ vector })),
      dys,
    );
    const [toX, toTable] = [sums.sink(x), sums.sink(table)];
    if (given.length === results && toTable.wanted) {
      const { dx, grads } = emitBackward(g, {
        x,
        pools,
        offsets,
        dys: given.map(({ dy }) => dy),
        toTable,
        hasDx: toX.wanted,
        sizes,
      });
      sums.put(table, grads);
      sums.put(x, passOn(g, dx, toX));
      return;
    }
    for (const one of given) {
      const [dx, grads] = scaleGradients(g, { x, ...one, toX: sums.sink(x), toTable: sums.sink(table) });
      sums.put(x, dx);
      sums.put(table, grads);
    }
  });
  return ys;
}

interface ScalesGradient {
  readonly x: Value;
  readonly pools: MixedPools;
  readonly offsets: readonly number[];
  /** The gradient of each vector's result. */
  readonly dys: readonly Value[];
  readonly toTable: Sink;
  readonly hasDx: boolean;
  readonly sizes: Params<typeof mixedScalesForward.params>;
}

function emitBackward(
  g: Graph,
  { x, pools, offsets, dys, toTable, hasDx, sizes }: ScalesGradient,
): { readonly dx: Value; readonly grads: Value } {
  const { partials, at, grads } = takeMixedSums(g, pools, { offsets, length: sizes.C }, toTable);
  const [partial0, partial1, partial2] = threeSizes(at);
  const [dy0, dy1, dy2] = threeValues(dys);
  const { table, which } = pools;
  const { dx } = g.emit(
    mixedScalesBackward,
    { x, dy0, dy1, dy2, table, which, partials },
    { dx: hasDx ? x.shape : [4] },
    { ...sizes, partial0, partial1, partial2, slice: SLICE, has_dx: Number(hasDx) },
  );
  return { dx, grads };
}

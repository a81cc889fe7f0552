import { FLAT_THREADS } from '../../core/kernels/kernel';
import { ceilDiv, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel, shaderKernel } from '../shader_kernel';
import { expectMixed, type MixedVector } from './mixed_pools';
import { SLICE, takeMixedSums } from './mixed_sums';

const params = { N: 'size', C: 'size', T: 'size', vector_at: 'place', stride: 'u32', has_sum: 'u32' } as const;

export const mixedScaleForward = flatKernel({
  name: 'mixed_scale',
  bindings: { x: 'read', table: 'read', which: 'read', sum: 'read', y: 'write' },
  params,
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C }) => N * C,
});

/** Computes the gradient of x, and the partial sums of the vectors' gradients, in one pass over dy. */
export const mixedScaleBackward = shaderKernel({
  name: 'mixed_scale_backward',
  bindings: {
    x: 'read',
    dy: 'read',
    table: 'read',
    which: 'read',
    sum: 'read',
    dx: 'write',
    partials: 'update',
  },
  params: {
    N: 'size',
    C: 'size',
    T: 'size',
    vector_at: 'place',
    stride: 'u32',
    partial: 'place',
    slice: 'u32',
    has_dx: 'u32',
    has_sum: 'u32',
  },
  variants: [
    {
      name: 'vec4',
      wgsl: ['mixed_scale_backward', 'word_vec4'],
      workgroups: ({ N, C, T, slice }) => [ceilDiv(C, 4 * FLAT_THREADS), (N / T) * ceilDiv(T, slice)],
      fits: ({ C, partial }) => C % 4 === 0 && partial % 4 === 0,
    },
    {
      wgsl: ['mixed_scale_backward', 'word_scalar'],
      workgroups: ({ N, C, T, slice }) => [ceilDiv(C, FLAT_THREADS), (N / T) * ceilDiv(T, slice)],
    },
  ],
  flops: ({ N, C }) => 3 * N * C,
});

/**
 * Computes l ⊙ x, where l is the vector of each batch row's own adapter: x (…, C) has T tokens for each batch row. x and the table receive
 * gradients if they train. The table's gradient accumulates in the buffer passed to `Graph.grad`: for each adapter, it is the adapter's
 * scale times the sum over its own batch rows. Rows of other adapters never enter that sum, even if their values aren't finite.
 *
 * For N rows, reads and writes 2·N·C floats forward and 3·N·C backward, in one dispatch each.
 */
export function mixedScale(g: Graph, x: Value, vector: MixedVector): Value {
  expectMixed('mixed_scale', x, vector);
  const y = emitScale(g, x, vector);
  g.differentiate(y, [x, vector.table], (dy, [toX, toTable]) => scaleGradients(g, { x, dy, vector, toX, toTable }));
  return y;
}

/** Emits the gradients of x and of the table, each only if it is wanted. */
export function scaleGradients(g: Graph, gradient: MixedGradient): [Value | undefined, Value | undefined] {
  const { dy, vector, toX, toTable } = gradient;
  if (toTable.wanted) return emitScaleBackward(g, gradient);
  return [toX.wanted ? emitScale(g, dy, vector, toX.sum) : undefined, undefined];
}

/** Computes `mixedScale` plus `sum`, without declaring a gradient. */
function emitScale(g: Graph, x: Value, { table, which, offset, T }: MixedVector, sum?: Value): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const params = { N, C, T, vector_at: offset, stride: table.shape[1] ?? 0, has_sum: Number(sum !== undefined) };
  return g.emit(mixedScaleForward, { x, table, which, sum: sum ?? x }, { y: x.shape }, params).y;
}

interface MixedGradient {
  readonly x: Value;
  readonly dy: Value;
  readonly vector: MixedVector;
  readonly toX: Sink;
  readonly toTable: Sink;
}

function emitScaleBackward(
  g: Graph,
  { x, dy, vector, toX: { wanted, sum }, toTable }: MixedGradient,
): [Value | undefined, Value] {
  const { table, which, offset, T } = vector;
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const { partials, at, grads } = takeMixedSums(g, vector, { offsets: [offset], length: C }, toTable);
  const { dx } = g.emit(
    mixedScaleBackward,
    { x, dy, table, which, sum: sum ?? dy, partials },
    { dx: wanted ? x.shape : [1] },
    {
      ...{ N, C, T, vector_at: offset, stride: table.shape[1] ?? 0, partial: at[0] ?? 0, slice: SLICE },
      ...{ has_dx: Number(wanted), has_sum: Number(sum !== undefined) },
    },
  );
  return [wanted ? dx : undefined, grads];
}

import type { Params } from '../../core/kernels/kernel';
import { ceilDiv, expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { MOST_WORKGROUPS, rowVariants } from '../row_variants';
import { accumulatedIn, columnVariants } from '../rows/column_sum';
import { shaderKernel } from '../shader_kernel';

const forwardParams = { N: 'size', C: 'size', eps: 'f32', weight_offset: 'f32' } as const;

/** The number of rows that a workgroup of the variant `words` processes. */
const ROWS = 8;
const isOfWords = ({ C }: Params<typeof forwardParams>): boolean => C % 4 === 0;

/**
 * If C is a multiple of 4, the variants `words` and `serial` and the kernel `rms_norm_linear` sum in the same order, so a norm has the same
 * bits in all three.
 */
export const rmsNormForward = shaderKernel({
  name: 'rms_norm',
  bindings: { x: 'read', weight: 'read', y: 'write', rstd: 'write' },
  params: forwardParams,
  variants: [
    {
      name: 'words',
      wgsl: ['rms_norm_words'],
      fits: (params) => isOfWords(params) && params.N <= ROWS * MOST_WORKGROUPS,
      workgroups: ({ N }) => [ceilDiv(N, ROWS)],
    },
    ...rowVariants('rms_norm', (params: Params<typeof forwardParams>) => !isOfWords(params)),
  ],
  flops: ({ N, C }) => 4 * N * C,
});

export const rmsNormBackward = shaderKernel({
  name: 'rms_norm_backward',
  bindings: { x: 'read', weight: 'read', rstd: 'read', dy: 'read', sum: 'read', dx: 'write' },
  params: { N: 'size', C: 'size', weight_offset: 'f32', has_sum: 'u32' },
  variants: rowVariants('rms_norm_backward'),
  flops: ({ N, C }) => 9 * N * C,
});

export const rmsNormWeightBackward = shaderKernel({
  name: 'rms_norm_weight_backward',
  bindings: { x: 'read', rstd: 'read', dy: 'read', dweight: 'update' },
  params: { N: 'size', C: 'size' },
  variants: columnVariants('rms_norm_weight_backward'),
  flops: ({ N, C }) => 3 * N * C,
});

interface RmsNormParams {
  /** Added to each weight: 1 if the checkpoint stores weights minus one, as Gemma's does. Default: 0. */
  readonly weightOffset?: 0 | 1;
}

/**
 * Computes RMSNorm over the last dimension: x (…, C), weight (C). A longer last dimension is treated as several heads of C numbers, each
 * normalised separately. x and weight receive gradients if they train; that of the weight accumulates in the buffer passed to `Graph.grad`.
 * Throws `invalid_argument` unless the last dimension is a multiple of C.
 */
export function rmsNorm(
  g: Graph,
  x: Value,
  weight: Value,
  eps: number,
  { weightOffset: weight_offset = 0 }: RmsNormParams = {},
): Value {
  const { rows, columns } = rowsAndColumns(x.shape);
  const [C = columns] = weight.shape;
  if (columns % C !== 0) expectShape('rms_norm weight', weight.shape, [columns]);
  const N = (rows * columns) / C;
  const { y, rstd } = g.emit(rmsNormForward, { x, weight }, { y: x.shape, rstd: [N] }, { N, C, eps, weight_offset });
  g.differentiate(y, [x, weight], (dy, [toX, toWeight]) => {
    const byX = ({ sum }: Sink): Value => {
      const given = { x, weight, rstd, dy, sum: sum ?? dy };
      const params = { N, C, weight_offset, has_sum: Number(sum !== undefined) };
      return g.emit(rmsNormBackward, given, { dx: x.shape }, params).dx;
    };
    const byWeight = (sink: Sink): Value => {
      const dweight = accumulatedIn(sink, weight);
      g.emit(rmsNormWeightBackward, { x, rstd, dy, dweight }, {}, { N, C });
      return dweight;
    };
    return [toX.wanted ? byX(toX) : undefined, toWeight.wanted ? byWeight(toWeight) : undefined];
  });
  return y;
}

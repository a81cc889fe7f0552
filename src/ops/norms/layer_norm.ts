import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { zeros } from '../fill';
import { rowVariants } from '../row_variants';
import { accumulatedIn, columnVariants, emitColumnSum } from '../rows/column_sum';
import { shaderKernel } from '../shader_kernel';

export const layerNormForward = shaderKernel({
  name: 'layer_norm',
  bindings: { x: 'read', weight: 'read', bias: 'read', y: 'write', mean: 'write', rstd: 'write' },
  params: { N: 'size', C: 'size', eps: 'f32', has_bias: 'u32' },
  variants: rowVariants('layer_norm'),
  flops: ({ N, C }) => 8 * N * C,
});

export const layerNormBackward = shaderKernel({
  name: 'layer_norm_backward',
  bindings: { x: 'read', weight: 'read', mean: 'read', rstd: 'read', dy: 'read', sum: 'read', dx: 'write' },
  params: { N: 'size', C: 'size', has_sum: 'u32' },
  variants: rowVariants('layer_norm_backward'),
  flops: ({ N, C }) => 14 * N * C,
});

export const layerNormWeightBackward = shaderKernel({
  name: 'layer_norm_weight_backward',
  bindings: { x: 'read', mean: 'read', rstd: 'read', dy: 'read', dweight: 'update', dbias: 'update' },
  params: { N: 'size', C: 'size' },
  variants: columnVariants('layer_norm_weight_backward'),
  flops: ({ N, C }) => 5 * N * C,
});

/**
 * Computes LayerNorm over the last dimension, with the biased variance: x (…, C), weight (C), bias (C) if there is one. x, weight and bias
 * receive gradients if they train; those of weight and bias accumulate in the buffers passed to `Graph.grad`.
 */
export function layerNorm(g: Graph, x: Value, weight: Value, bias: Value | undefined, eps: number): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  expectShape('layer_norm weight', weight.shape, [C]);
  if (bias !== undefined) expectShape('layer_norm bias', bias.shape, [C]);
  const made = { y: x.shape, mean: [N], rstd: [N] };
  const sizes = { N, C, eps, has_bias: Number(bias !== undefined) };
  const { y, mean, rstd } = g.emit(layerNormForward, { x, weight, bias: bias ?? weight }, made, sizes);
  g.differentiate(y, [x, weight, ...(bias ? [bias] : [])], (dy, [toX, toWeight, toBias]) => {
    const byX = ({ sum }: Sink): Value => {
      const given = { x, weight, mean, rstd, dy, sum: sum ?? dy };
      return g.emit(layerNormBackward, given, { dx: x.shape }, { N, C, has_sum: Number(sum !== undefined) }).dx;
    };
    const dx = toX.wanted ? byX(toX) : undefined;
    const dweight = toWeight.wanted ? accumulatedIn(toWeight, weight) : undefined;
    const dbias = bias && toBias?.wanted ? accumulatedIn(toBias, bias) : undefined;
    if (dweight !== undefined) {
      // A trained weight with a frozen bias, or none, is rare and has no kernel of its own: the sums for the bias are discarded.
      const given = { x, mean, rstd, dy, dweight, dbias: dbias ?? zeros(g, [C]) };
      g.emit(layerNormWeightBackward, given, {}, { N, C });
    } else if (dbias !== undefined) {
      emitColumnSum(g, dy, dbias);
    }
    return [dx, dweight, dbias];
  });
  return y;
}

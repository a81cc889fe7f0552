import { ceilDiv, expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { accumulatedIn, columnVariants, emitBiasBackward } from '../rows/column_sum';
import { expectPlaced, type PoolVector } from '../rows/pool_vector';
import { flatKernel, shaderKernel } from '../shader_kernel';

/** The number of rows per thread, as in the shader. */
const ROWS = 8;

export const doraScaleForward = flatKernel({
  name: 'dora_scale',
  bindings: { x: 'read', pool: 'read', norm: 'read', bias: 'read', sum: 'read', y: 'write' },
  params: { N: 'size', C: 'size', vector_at: 'place', norm_at: 'place', less: 'f32', has_bias: 'u32', has_sum: 'u32' },
  threads: ({ N, C }) => ceilDiv(N, ROWS) * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C }) => 3 * N * C,
});

/** Computes the gradients of x and of the magnitudes in one pass over dy. */
export const doraScaleBackward = shaderKernel({
  name: 'dora_scale_backward',
  bindings: { x: 'read', dy: 'read', pool: 'read', norm: 'read', sum: 'read', dx: 'write', grads: 'update' },
  params: { N: 'size', C: 'size', vector_at: 'place', norm_at: 'place', less: 'f32', has_dx: 'u32', has_sum: 'u32' },
  variants: columnVariants('dora_scale_backward'),
  flops: ({ N, C }) => 5 * N * C,
});

/** The operands of `doraScale`, which multiplies x by m / norm − less and then adds `bias` and `residual`. */
export interface Rescaling {
  readonly magnitude: PoolVector;
  /** The norm of each of the C rows of the weight with its change, from `doraNorm` or `doraNorms`. */
  readonly norm: Value;
  /** The offset of the first of these norms in `norm`: a multiple of 4. Default: `norm` contains only these norms. */
  readonly norm_at?: number | undefined;
  /** The number to subtract from each factor: 0 or 1. Default: 0. */
  readonly less?: number;
  /** (C) */
  readonly bias?: Value | undefined;
  /** (…, C) */
  readonly residual?: Value | undefined;
}

/**
 * (m / norm − less) ⊙ x + bias + residual, where x is (…, C). x, the magnitudes' pool, bias and residual receive gradients if they are
 * trained. The gradients of pool and bias accumulate in the buffers passed to `Graph.grad`. The norm counts as a constant. The gradient of
 * m reads x itself, so m may be 0.
 *
 * Reads and writes 2·N·C floats in the forward pass and 3·N·C in the backward pass, in one dispatch each.
 */
export function doraScale(g: Graph, x: Value, rescaling: Rescaling): Value {
  const { magnitude, norm, norm_at, bias, residual } = rescaling;
  const { columns: C } = rowsAndColumns(x.shape);
  expectPlaced('dora_scale', magnitude, C);
  if (norm_at === undefined) expectShape('dora_scale norm', norm.shape, [C]);
  else expectPlaced('dora_scale', { pool: norm, offset: norm_at }, C);
  if (bias !== undefined) expectShape('dora_scale bias', bias.shape, [C]);
  if (residual !== undefined) expectShape('dora_scale residual', residual.shape, x.shape);
  const y = emitScale(g, x, rescaling);
  if (residual !== undefined) g.differentiate(y, [residual], (dy, [toResidual]) => [passOn(g, dy, toResidual)]);
  if (bias !== undefined) g.differentiate(y, [bias], (dy, [toBias]) => [emitBiasBackward(g, dy, bias, toBias)]);
  g.differentiate(y, [x, magnitude.pool], (dy, [toX, toPool]) => {
    if (toPool.wanted) return emitScaleBackward(g, { x, dy, rescaling, toX, toPool });
    const own = { ...rescaling, bias: undefined, residual: toX.sum };
    return [toX.wanted ? emitScale(g, dy, own) : undefined, undefined];
  });
  return y;
}

function emitScale(g: Graph, x: Value, { magnitude, norm, norm_at = 0, less = 0, bias, residual }: Rescaling): Value {
  const { pool, offset: vector_at } = magnitude;
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const has = { has_bias: Number(bias !== undefined), has_sum: Number(residual !== undefined) };
  const given = { x, pool, norm, bias: bias ?? norm, sum: residual ?? x };
  return g.emit(doraScaleForward, given, { y: x.shape }, { N, C, vector_at, norm_at, less, ...has }).y;
}

interface RescaledGradients {
  readonly x: Value;
  readonly dy: Value;
  readonly rescaling: Rescaling;
  readonly toX: Sink;
  readonly toPool: Sink;
}

function emitScaleBackward(
  g: Graph,
  { x, dy, rescaling, toX: { wanted, sum }, toPool }: RescaledGradients,
): [dx: Value | undefined, grads: Value] {
  const { magnitude, norm, norm_at = 0, less = 0 } = rescaling;
  const { pool, offset: vector_at } = magnitude;
  const grads = accumulatedIn(toPool, pool);
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const has = { has_dx: Number(wanted), has_sum: Number(wanted && sum !== undefined) };
  const given = { x, dy, pool, norm, sum: sum ?? dy, grads };
  const { dx } = g.emit(doraScaleBackward, given, { dx: x.shape }, { N, C, vector_at, norm_at, less, ...has });
  return [wanted ? dx : undefined, grads];
}

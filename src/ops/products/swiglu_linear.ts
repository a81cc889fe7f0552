import type { AnyKernel } from '../../core/kernels/kernel';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';
import { linearsForward } from './linears';
import { linesOf, rightStorage } from './operand_storage';
import { defineProduct } from './product';

export const swigluLinearsForward = defineProduct({
  name: 'swiglu_linears',
  bindings: { x: 'read', weight0: 'read', weight1: 'read', gate: 'write', up: 'write', y: 'write' },
  params: { N: 'size', K: 'size', M: 'size', stride: 'u32' },
  lines: 'vec4',
  left: 'rows',
  right: 'pairs',
  weight: true,
  ownResult: true,
  libs: ['sigmoid', 'result_gated'],
  fewRows: true,
  f16: true,
  size: ({ N, M, K }) => [N, 2 * M, K],
});

export const swigluLinearBackward = defineProduct({
  name: 'swiglu_linear_backward',
  bindings: {
    dy: 'read',
    weight: 'read',
    du: 'read',
    A: 'read',
    gate: 'read',
    up: 'read',
    d_gate: 'write',
    d_up: 'write',
  },
  params: { N: 'size', K: 'size', M: 'size', R: 'size', stride: 'u32' },
  lines: 'vec4',
  left: 'rows',
  right: 'columns',
  weight: true,
  lowRank: 'columns',
  libs: ['sigmoid'],
  f16: true,
  size: ({ N, K, M, R }) => [N, K, M + R],
});

/** The two values that SwiGLU multiplies, of one shape. */
interface Gated {
  readonly gate: Value;
  readonly up: Value;
}

/**
 * silu(gate) · up, if the last step made gate and up alone, as two layers of one input: one dispatch then makes all three. Undefined
 * otherwise. Has no gradient.
 */
export function emitGated(g: Graph, { gate, up }: Gated): Value | undefined {
  const last = g.takeBack(({ kernel, values: { weight0, y0, y1 }, params: { M2 } }) => {
    const isProducts = weight0 !== undefined && kernel === linearsOver(weight0);
    return isProducts && y0 === gate && y1 === up && M2 === 0;
  });
  const { x, weight0, weight1 } = last?.values ?? {};
  if (last === undefined || x === undefined || weight0 === undefined || weight1 === undefined) return undefined;
  const { N = 0, K = 0, M0: M = 0, stride = 0 } = last.params;
  const kernel = swigluLinearsForward.kernel('vec4', rightStorage(weight0));
  return g.emit(kernel, { x, weight0, weight1 }, { gate, up, y: gate.shape }, { N, K, M, stride }).y;
}

function linearsOver(weight: Value): AnyKernel {
  return linearsForward.kernel('vec4', rightStorage(weight)) as unknown as AnyKernel;
}

/**
 * The gradients of gate and up from dx, the gradient of silu(gate) · up. If the last step made dx alone, as the input gradient of one layer,
 * one dispatch does both, and dx is never stored. Undefined otherwise.
 */
export function emitGatedBackward(
  g: Graph,
  dx: Value,
  { gate, up }: Gated,
): { readonly d_gate: Value; readonly d_up: Value } | undefined {
  const last = g.takeBack((step) => step.values.dx === dx && operandsOf(step) !== undefined);
  const operands = last && operandsOf(last);
  if (operands === undefined) return undefined;
  const { dy, weight, du = dy, A = dy, R, stride } = operands;
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const K = gate.shape.at(-1) ?? 0;
  return g.emit(
    swigluLinearBackward.kernel('vec4', rightStorage(weight)),
    { dy, weight, du, A, gate, up },
    { d_gate: gate.shape, d_up: up.shape },
    { N, K, M, R, stride },
  );
}

interface Operands {
  readonly dy: Value;
  readonly weight: Value;
  readonly du: Value | undefined;
  readonly A: Value | undefined;
  readonly R: number;
  readonly stride: number;
}

/** The operands of a step that makes dx = dy·weight, or dx = dy·weight + du·A, in whole words; undefined for other steps. */
function operandsOf({ values, params }: Step): Operands | undefined {
  const { dy0, dy = dy0, weight0: weight, du, A } = values;
  const { K = 0, M0 = 0, M1, has_sum, R = 0, stride = 0 } = params;
  if (dy === undefined || weight === undefined || M1 !== 0 || has_sum !== 0) return undefined;
  if (weight.shape[1] !== K || linesOf([M0, R, du === undefined ? 0 : stride], K) !== 'vec4') return undefined;
  return { dy, weight, du, A, R, stride };
}

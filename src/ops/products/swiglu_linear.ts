import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import { byteLength, transient, type Value } from '../../graph/value';
import { ALWAYS_BOUND, emitFollower } from './follower';
import { linesOf, rightStorage } from './operand_storage';
import { threeSizes } from './parts';
import { defineProduct } from './product';

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

/** The two values, of the same shape, that SwiGLU multiplies. */
interface Gated {
  readonly gate: Value;
  readonly up: Value;
}

/**
 * Computes silu(gate) · up, if the last step computed only gate and up, as two matrix products of one input. One dispatch then replaces
 * that step and computes all three values, if every device can bind gate and up together. Returns undefined otherwise. Has no gradient.
 */
export function emitGated(g: Graph, { gate, up }: Gated): Value | undefined {
  const isFit = ({ kernel, values: { y0, y1 }, params: { M2 = 0 } }: Step): boolean =>
    kernel.gated !== undefined && y0 === gate && y1 === up && M2 === 0;
  const last = g.steps.at(-1);
  if (last === undefined || !isFit(last) || byteLength(gate) + byteLength(up) > ALWAYS_BOUND) return undefined;
  const gates = g.join([gate, up]);
  const made = gates && g.takeBack(isFit);
  const gated = made?.kernel.gated;
  if (gates === undefined || made === undefined || gated === undefined) return undefined;
  const { M0: M = 0 } = made.params;
  const [, at_up] = threeSizes(gates.parts.map(({ offset }) => offset));
  const y = transient('gated.y', gate.shape);
  emitFollower(g, gated, made, { params: { M, at_up } }, { gates, y });
  return y;
}

/**
 * Computes the gradients of gate and up from dx, the gradient of silu(gate) · up. If the last step computed only dx, as the input gradient
 * of one layer, one dispatch replaces both steps, and dx is never stored. Returns undefined otherwise.
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

/**
 * Returns the operands of a step that computes dx = dy·weight, or dx = dy·weight + du·A, if the row lengths of these matrices are multiples
 * of 4; undefined for other steps.
 */
function operandsOf({ values, params }: Step): Operands | undefined {
  const { dy0, dy = dy0, weight0: weight, du, A } = values;
  const { K = 0, M0 = 0, M1, has_sum, R = 0, stride = 0 } = params;
  if (dy === undefined || weight === undefined || M1 !== 0 || has_sum !== 0) return undefined;
  if (weight.shape[1] !== K || linesOf([M0, R, du === undefined ? 0 : stride], K) !== 'vec4') return undefined;
  return { dy, weight, du, A, R, stride };
}

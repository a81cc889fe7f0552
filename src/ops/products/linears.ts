import type { AnyKernel } from '../../core/kernels/kernel';
import { roundUp } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import { transient, type Value } from '../../graph/value';
import { rightStorage } from './operand_storage';
import { MOST_PARTS, threeSizes, threeValues } from './parts';
import { defineProduct } from './product';
import { TILE } from './tiles';

export const swigluLinearsForward = defineProduct({
  name: 'swiglu_linears',
  bindings: { x: 'read', weight0: 'read', weight1: 'read', gates: 'write', y: 'write' },
  params: { N: 'size', K: 'size', M: 'size', stride: 'u32', at_up: 'place' },
  lines: 'vec4',
  left: 'rows',
  right: 'pairs',
  weight: true,
  ownResult: true,
  libs: ['left_of_x', 'right_of_two', 'sigmoid', 'result_gated'],
  fewRows: true,
  f16: true,
  size: ({ N, M, K }) => [N, 2 * M, K],
});

export const turnedLinearsForward = defineProduct({
  name: 'turned_linears',
  bindings: { x: 'read', weight0: 'read', weight1: 'read', weight2: 'read', turns: 'read', y: 'write' },
  params: {
    N: 'size',
    K: 'size',
    M0: 'size',
    M1: 'size',
    M2: 'size',
    D: 'size',
    stride: 'u32',
    at_y1: 'place',
    at_y2: 'place',
  },
  lines: 'vec4',
  left: 'rows',
  right: 'part_halves',
  weight: true,
  parts: 'columns',
  ownResult: true,
  libs: ['left_of_x', 'three_layers', 'right_of_three', 'result_turned'],
  fewRows: true,
  f16: true,
  size: ({ N, M0, M1, M2, K }) => [N, M0 + M1 + M2, K],
  columns: ({ M0, M1, M2 }) => columnsOfParts([M0, M1, M2]),
});

export const linearsForward = defineProduct({
  name: 'linears',
  bindings: {
    x: 'read',
    weight0: 'read',
    weight1: 'read',
    weight2: 'read',
    y0: 'write',
    y1: 'write',
    y2: 'write',
  },
  params: { N: 'size', K: 'size', M0: 'size', M1: 'size', M2: 'size', stride: 'u32' },
  lines: 'vec4',
  left: 'rows',
  right: 'part_rows',
  weight: true,
  parts: 'columns',
  libs: ['left_of_x', 'three_layers', 'right_of_three'],
  fewRows: true,
  f16: true,
  matrices: true,
  gated: swigluLinearsForward,
  turned: turnedLinearsForward,
  size: ({ N, M0, M1, M2, K }) => [N, M0 + M1 + M2, K],
  columns: ({ M0, M1, M2 }) => columnsOfParts([M0, M1, M2]),
});

/** Returns the number of columns of a grid that computes matrix products of these widths side by side, each padded to whole tiles. */
export function columnsOfParts(widths: readonly number[]): number {
  return widths.reduce((columns, width) => columns + roundUp(width, TILE), 0);
}

/** The matrix product of one layer, without bias and residual: its weight and its result. */
interface PlainProduct {
  /** (M, ≥ K) */
  readonly weight: Value;
  /** (…, M) */
  readonly y: Value;
}

/** The input and the sizes that all matrix products of one dispatch share. Each uses the first K columns of its weight. */
interface SharedInput {
  readonly x: Value;
  readonly N: number;
  readonly K: number;
  readonly stride: number;
}

/**
 * Computes the matrix product of x (…, K) and a weight (M, ≥ K), without bias and residual, if the graph's last step computes another such
 * product of the same x with the kernel `one`, or several of them. One dispatch then computes them all, up to three. Returns undefined
 * otherwise. Has no gradient.
 */
export function emitBeside(g: Graph, one: AnyKernel, weight: Value, { x, ...sizes }: SharedInput): Value | undefined {
  const several = linearsForward.kernel('vec4', rightStorage(weight));
  const before = (step: Step): PlainProduct[] => productsOf(step, one, several);
  const last = g.takeBack((step) => {
    const isAlike = step.values.x === x && step.params.K === sizes.K && step.params.stride === sizes.stride;
    return isAlike && before(step).length > 0 && before(step).length < MOST_PARTS;
  });
  if (last === undefined) return undefined;
  const y = transient('linears.y', [...x.shape.slice(0, -1), weight.shape[0] ?? 0]);
  const products = [...before(last), { weight, y }];
  const [weight0, weight1, weight2] = threeValues(products.map((product) => product.weight));
  const [M0, M1, M2] = threeSizes(products.map((product) => product.weight.shape[0] ?? 0));
  // If there is no third result, a small buffer is bound in its place. The kernel doesn't write to that buffer.
  const [y0 = y, y1 = y, y2 = [4]] = products.map((product) => product.y);
  g.emit(several, { x, weight0, weight1, weight2 }, { y0, y1, y2 }, { ...sizes, M0, M1, M2 });
  return y;
}

/**
 * Returns the matrix products that a step computes, if its kernel is `one` (for a single product) or `several`; an empty list for other
 * kernels.
 */
function productsOf({ kernel, values, params }: Step, one: AnyKernel, several: AnyKernel): PlainProduct[] {
  const { weight, y } = values;
  const isPlain = params.has_bias === 0 && params.has_residual === 0;
  if (kernel === one && isPlain && weight !== undefined && y !== undefined) return [{ weight, y }];
  if (kernel !== several) return [];
  return [0, 1, 2].flatMap((part) => {
    const [own, result] = [values[`weight${part}`], values[`y${part}`]];
    return params[`M${part}`] === 0 || own === undefined || result === undefined ? [] : [{ weight: own, y: result }];
  });
}

import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';
import { emitLinearBackward, type InputGradient, type LinearLayer } from '../products/linear';
import { linesOf, rightStorage } from '../products/operand_storage';
import { groupsSideBySide, inParts, type SideBySide, threeSizes, threeValues } from '../products/parts';
import { defineProduct } from '../products/product';
import { checkLowRank, type LowRank } from './low_rank';
import { veraLinearsForward } from './vera_linears';

export const veraLinearForward = defineProduct({
  name: 'vera_linear',
  bindings: {
    x: 'read',
    u: 'read',
    weight: 'read',
    bias: 'read',
    B: 'read',
    lambda: 'read',
    residual: 'read',
    y: 'write',
  },
  params: {
    N: 'size',
    M: 'size',
    K: 'size',
    R: 'size',
    lambda_b: 'place',
    lambda_d: 'place',
    has_bias: 'u32',
    has_residual: 'u32',
  },
  left: 'rows',
  right: 'rows',
  weight: true,
  lowRank: 'rows',
  libs: ['left_of_x', 'right_of_one', 'low_of_u', 'result_biased'],
  fewRows: true,
  f16: true,
  size: ({ N, M, K, R }) => [N, M, K + R],
});

export const veraLinearBackward = defineProduct({
  name: 'vera_linear_backward',
  bindings: {
    dy: 'read',
    weight0: 'read',
    weight1: 'read',
    weight2: 'read',
    du: 'read',
    A: 'read',
    sum: 'read',
    dx: 'write',
  },
  params: {
    N: 'size',
    K: 'size',
    R: 'size',
    M0: 'size',
    M1: 'size',
    M2: 'size',
    at_dy1: 'place',
    at_dy2: 'place',
    stride: 'u32',
    has_sum: 'u32',
  },
  left: 'rows',
  leftBase: true,
  right: 'columns',
  weight: true,
  parts: 'apart',
  libs: ['right_of_three'],
  lowRank: 'columns',
  f16: true,
  size: ({ N, K, R, M0, M1, M2 }) => [N, K, M0 + M1 + M2 + R],
});

/** Computes a layer's result, without declaring a gradient: x (…, K), weight (M, K). The weight must not be in shards. */
export function emitVeraLinear(g: Graph, x: Value, { weight, bias, residual }: LinearLayer, low: LowRank): Value {
  const { u, B, lambda, offsetB: lambda_b, offsetD: lambda_d } = low;
  const { columns: K } = rowsAndColumns(x.shape);
  const [M = 0] = weight.shape;
  const shape = [...x.shape.slice(0, -1), M];
  expectShape('vera_linear weight', weight.shape, [M, K]);
  if (bias !== undefined) expectShape('vera_linear bias', bias.shape, [M]);
  if (residual !== undefined) expectShape('vera_linear residual', residual.shape, shape);
  const { N, R } = checkLowRank('vera_linear', low, shape);
  const has = { has_bias: Number(bias !== undefined), has_residual: Number(residual !== undefined) };
  const params = { N, M, K, R, lambda_b, lambda_d, ...has };
  const lines = linesOf([K, R], M);
  const kernel = veraLinearForward.kernel(lines, rightStorage(weight));
  const given = { x, u, weight, bias: bias ?? x, B, lambda, residual: residual ?? x };
  const before = lines === 'vec4' ? takeAlike(g, { kernel, values: given, params }) : undefined;
  if (before === undefined) return g.emit(kernel, given, { y: shape }, params).y;
  const { weight: weight0 = weight, y: y0 = shape } = before.values;
  const { M: M0 = 0, lambda_b: lambda_b0 = 0, lambda_d: lambda_d0 = 0 } = before.params;
  return g.emit(
    veraLinearsForward.kernel(lines, rightStorage(weight)),
    { x, u, weight0, weight1: weight, B, lambda },
    { y0, y1: shape },
    { N, K, R, M0, M1: M, lambda_b0, lambda_b1: lambda_b, lambda_d0, lambda_d1: lambda_d },
  ).y1;
}

/**
 * Removes the last step and returns it if it has the same kernel and the same inputs except for the weight, and neither step has a bias or
 * a residual.
 */
function takeAlike(g: Graph, own: Pick<Step, 'kernel' | 'values' | 'params'>): Step | undefined {
  const isPlain = ({ params }: Pick<Step, 'params'>): boolean => params.has_bias === 0 && params.has_residual === 0;
  if (!isPlain(own)) return undefined;
  return g.takeBack(
    (step) =>
      step.kernel === own.kernel &&
      isPlain(step) &&
      (['x', 'u', 'B', 'lambda'] as const).every((name) => step.values[name] === own.values[name]),
  );
}

/** The projection u = x·Aᵀ, (…, R): x has K features, and A is (R, ≥ K). */
export interface Projection {
  readonly u: Value;
  readonly A: Value;
}

/**
 * Computes the same as `emitLinearBackward`. One of the layers may be the projection u = x·Aᵀ. It shares a dispatch with up to three other
 * layers if their weights have the same storage format and their gradients can be joined into one value.
 */
export function emitVeraLinearBackward(
  g: Graph,
  layers: readonly InputGradient[],
  { A, K, sum }: { readonly A: Value | undefined; readonly K: number; readonly sum: Value | undefined },
): Value | undefined {
  const projection = layers.find(({ weight }) => weight === A);
  const whole = layers.filter((layer) => layer !== projection && layer.weight.shards === undefined);
  const [alike = []] = inParts(whole, (layer, [first]) => isAlike(layer, first));
  const [group] = groupsSideBySide(g, alike, ({ dy }) => dy);
  if (projection === undefined || group === undefined) return emitLinearBackward(g, layers, { K, sum });
  const { items: others, values: dys } = group;
  const rest = layers.filter((layer) => layer !== projection && !others.includes(layer));
  const total = emitLinearBackward(g, rest, { K, sum });
  return emitWithProjection(g, { projection, others, dys, K, sum: total });
}

/**
 * Whether one kernel can compute both layers: their weights have the same storage format, and the rows of their gradients, which the kernel
 * reads from one joined value, are accessed in the same way (see `Lines`).
 */
function isAlike({ weight }: InputGradient, other: InputGradient | undefined): boolean {
  const [M = 0] = weight.shape;
  return weight.dtype === other?.weight.dtype && linesOf([M]) === linesOf([other.weight.shape[0] ?? 0]);
}

interface WithProjection {
  readonly projection: InputGradient;
  /** Up to three layers, whose weights (M, K) have the same storage format. */
  readonly others: readonly InputGradient[];
  /** The gradients of `others`, joined into one value. */
  readonly dys: SideBySide;
  readonly K: number;
  readonly sum: Value | undefined;
}

function emitWithProjection(g: Graph, { projection, others, dys, K, sum }: WithProjection): Value {
  const { dy: du, weight: A } = projection;
  const { rows: N, columns: R } = rowsAndColumns(du.shape);
  const [, stride = 0] = A.shape;
  const shape = [...du.shape.slice(0, -1), K];
  if (sum !== undefined) expectShape('vera_linear sum', sum.shape, shape);
  for (const { dy, weight } of others) {
    expectShape('vera_linear weight', weight.shape, [weight.shape[0] ?? 0, K]);
    expectShape('vera_linear dy', dy.shape, [...du.shape.slice(0, -1), weight.shape[0] ?? 0]);
  }
  const widths = others.map(({ weight }) => weight.shape[0] ?? 0);
  const [M0, M1, M2] = threeSizes(widths);
  const [, at_dy1, at_dy2] = threeSizes(dys.starts);
  const [weight0, weight1, weight2] = threeValues(others.map(({ weight }) => weight));
  return g.emit(
    veraLinearBackward.kernel(linesOf([...widths, R, stride], K), rightStorage(weight0)),
    { dy: dys.whole, weight0, weight1, weight2, du, A, sum: sum ?? du },
    { dx: shape },
    { N, K, R, M0, M1, M2, at_dy1, at_dy2, stride, has_sum: Number(sum !== undefined) },
  ).dx;
}

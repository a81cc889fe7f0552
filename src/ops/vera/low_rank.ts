import { expectShape, rowsAndColumns, type Shape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { expectDtype } from '../expect_dtype';
import { overlap, type SummedVector } from '../partial_sums';
import { linesOf } from '../products/operand_storage';
import { groupsSideBySide, threeSizes } from '../products/parts';
import { expectLambda, type LambdaPlace, partialSums } from './lambda_sums';

/** The params of up to three layers with the same u: their numbers of outputs, and the offsets of their gradients and vectors. */
export const layerParams = {
  N: 'size',
  R: 'size',
  M0: 'size',
  M1: 'size',
  M2: 'size',
  at_dy1: 'place',
  at_dy2: 'place',
  lambda_b0: 'place',
  lambda_b1: 'place',
  lambda_b2: 'place',
  lambda_d0: 'place',
  lambda_d1: 'place',
  lambda_d2: 'place',
} as const;

/** The low-rank branch of one adapter in a layer. */
export interface LowRank extends LambdaPlace {
  /** (…, R): the projection of the input by A, from `veraDown`. */
  readonly u: Value;
  /** (≥ out, R) */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
}

/** A low-rank branch with the gradient of the layer's result (…, out). */
export interface LowRankGradient extends LowRank {
  readonly dy: Value;
  /** Whether the branch is merged into the layer's weight. Default: false. */
  readonly isMerged?: boolean;
}

/** A low-rank branch that is merged into the layer's weight, so the forward pass computes no u. */
export interface MergedLowRank extends Omit<LowRank, 'u'> {
  /** (R, ≥ in) */
  readonly A: Value;
}

/** The low-rank branches of up to three layers in one dispatch. */
export interface Together extends Omit<LowRank, 'offsetB' | 'offsetD'> {
  readonly layers: readonly LowRankGradient[];
  /** The value in which the dy of all the layers are joined. */
  readonly dy: Value;
  /** The offset of each layer's own dy in `dy`, in elements. */
  readonly starts: readonly number[];
}

/** Combines layers that may share a dispatch into groups whose gradients can be joined into one value. */
export function together(g: Graph, layers: readonly LowRankGradient[]): Together[] {
  const [first] = layers;
  if (first === undefined) return [];
  const { u, B, lambda } = first;
  return groupsSideBySide(g, layers, ({ dy }) => dy).map(({ items, values: { whole, starts } }) => ({
    layers: items,
    u,
    B,
    lambda,
    dy: whole,
    starts,
  }));
}

export function mayShare(layer: LowRankGradient, group: readonly LowRankGradient[]): boolean {
  return group.every(
    (other) =>
      layer.u === other.u &&
      layer.B === other.B &&
      layer.lambda === other.lambda &&
      linesOf([widthOf(layer)]) === linesOf([widthOf(other)]) &&
      !vectorsOf(layer).some((vector) => vectorsOf(other).some((its) => overlap(vector, its))),
  );
}

/**
 * Returns the params of a kernel for up to three layers: sizes, and offsets of gradients and vectors. `lines`: how the rows of the
 * gradients are accessed (see `Lines`).
 */
export function threeLayers({ layers, starts }: Together, result?: number) {
  const [, at_dy1, at_dy2] = threeSizes(starts);
  const [M0, M1, M2] = threeSizes(layers.map(widthOf));
  const [lambda_b0, lambda_b1, lambda_b2] = threeSizes(layers.map(({ offsetB }) => offsetB));
  const [lambda_d0, lambda_d1, lambda_d2] = threeSizes(layers.map(({ offsetD }) => offsetD));
  const lines = linesOf(layers.map(widthOf), result);
  return { lines, M0, M1, M2, at_dy1, at_dy2, lambda_b0, lambda_b1, lambda_b2, lambda_d0, lambda_d1, lambda_d2 };
}

export function vectorsOf(layer: LowRankGradient, slices = 1): readonly [SummedVector, SummedVector] {
  return partialSums(layer, { out: widthOf(layer), R: rowsAndColumns(layer.u.shape).columns, slices });
}

export function widthOf({ dy }: LowRankGradient): number {
  return rowsAndColumns(dy.shape).columns;
}

/** Throws `invalid_argument` unless the operands fit an output of this shape (…, out). */
export function checkLowRank(
  op: string,
  { u, B, lambda, ...place }: LowRank,
  y: Shape,
): { readonly N: number; readonly M: number; readonly R: number } {
  const { rows: N, columns: M } = rowsAndColumns(y);
  const { columns: R } = rowsAndColumns(u.shape);
  expectShape(`${op} u`, u.shape, [...y.slice(0, -1), R]);
  const [rowsOfB = 0] = B.shape;
  expectShape(`${op} B`, B.shape, [Math.max(rowsOfB, M), R]);
  expectLambda(op, lambda, place, { out: M, R });
  expectDtype(op, 'f32', { B });
  return { N, M, R };
}

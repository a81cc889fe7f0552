import { WebVeraError } from '../../core/errors/error';
import { ceilDiv, expectShape, roundUp, rowsAndColumns, type Shape } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { emitLinear, withGradients } from '../products/linear';
import { linesOf, rightStorage } from '../products/operand_storage';
import { inParts, threeSizes } from '../products/parts';
import { defineProduct } from '../products/product';
import { TILE } from '../products/tiles';
import { accumulatedIn } from '../rows/column_sum';
import {
  checkPool,
  type LambdaPlace,
  LambdaSums,
  type LambdaVector,
  makesPartialSums,
  overlap,
  partialSums,
} from './lambda_sums';

/** The params of up to three layers with the same u: their outputs, and the offsets of their values. */
const parts = {
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

export const veraUpBackward = defineProduct({
  name: 'vera_up_backward',
  bindings: { dy: 'read', B: 'read', lambda: 'read', sum: 'read', du: 'write' },
  params: {
    ...parts,
    has_sum: 'u32',
  },
  libs: ['of_part'],
  left: 'own',
  leftBase: true,
  right: 'own',
  f16: true,
  size: ({ N, R, M0, M1, M2 }) => [N, R, M0 + M1 + M2],
});

export const veraLambdaBackward = defineProduct({
  name: 'vera_lambda_backward',
  bindings: { dy: 'read', u: 'read', B: 'read', lambda: 'read', partials: 'update' },
  params: {
    ...parts,
    partial_b0: 'place',
    partial_b1: 'place',
    partial_b2: 'place',
    partial_d0: 'place',
    partial_d1: 'place',
    partial_d2: 'place',
    slice: 'u32',
  },
  left: 'columns',
  right: 'columns',
  parts: 'tile',
  leftBase: true,
  ...makesPartialSums,
  size: ({ N, R, M0, M1, M2 }) => [M0 + M1 + M2, R, N],
  // Each layer's rows begin with a new tile.
  rows: ({ M0, M1, M2 }) => roundUp(M0, TILE) + roundUp(M1, TILE) + roundUp(M2, TILE),
  slices: ({ N, slice }) => ceilDiv(N, slice),
});

/** The number of tiles that occupies a device. If there are fewer, tokens are cut into slices. */
const BUSY = 64;
/** The fewest tokens in a slice: with fewer, a tile's overhead outweighs its work. */
const LEAST_SLICE = 128;
/** Slices are a multiple of the length of K that a tile processes in each iteration. */
const SLICE_STEP = 16;

/** The low-rank branch of one adapter in a layer. */
export interface LowRank extends LambdaPlace {
  /** (…, R), from `veraDown`. */
  readonly u: Value;
  /** (≥ out, R) */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
}

/** A low-rank branch with the gradient of the layer's result (…, out). */
interface LowRankGradient extends LowRank {
  readonly dy: Value;
}

/**
 * Declares the gradients with respect to u and the pool of λ_b ⊙ (B·(λ_d ⊙ u)), a summand of each layer's result y. Layers with the same u,
 * B and pool share dispatches.
 */
export function differentiateLowRank(g: Graph, layers: readonly (LowRank & { readonly y: Value })[]): void {
  const trained = layers.filter(({ u, lambda }) => g.trains(u) || g.trains(lambda));
  const ys = trained.map(({ y }) => y);
  const wrt = trained.flatMap(({ u, lambda }) => [u, lambda]);
  g.differentiateAll(ys, wrt, (dys, sums) => {
    for (const layers of inParts(withGradients(trained, dys), mayShare)) {
      for (const part of together(g, layers)) {
        const { u, lambda } = part;
        sums.put(u, emitUpBackward(g, part, sums.sink(u)));
        sums.put(lambda, emitLambdaBackward(g, part, sums.sink(lambda)));
      }
    }
  });
}

/** A low-rank branch that is merged into the layer's weight, so the forward pass computes no u. */
export interface MergedLowRank extends Omit<LowRank, 'u'> {
  /** (R, ≥ in) */
  readonly A: Value;
}

/**
 * Declares the gradients of merged layers with the input x, with respect to the pool only: x gets its gradient through the weights. u is
 * computed in the backward pass, once for all layers that share A.
 */
export function differentiateMerged(
  g: Graph,
  x: Value,
  layers: readonly (MergedLowRank & { readonly y: Value })[],
): void {
  const trained = layers.filter(({ lambda }) => g.trains(lambda));
  const ys = trained.map(({ y }) => y);
  const wrt = trained.map(({ lambda }) => lambda);
  g.differentiateAll(ys, wrt, (dys, sums) => {
    const made = new Map<Value, Value>();
    const withU = withGradients(trained, dys).map((layer) => {
      const u = made.get(layer.A) ?? emitLinear(g, x, layer.A);
      made.set(layer.A, u);
      return { ...layer, u };
    });
    for (const group of inParts(withU, mayShare)) {
      for (const part of together(g, group)) {
        sums.put(part.lambda, emitLambdaBackward(g, part, sums.sink(part.lambda)));
      }
    }
  });
}

/** The low-rank branches of up to three layers in one dispatch. */
interface Together extends Omit<LowRank, 'offsetB' | 'offsetD'> {
  readonly layers: readonly LowRankGradient[];
  /** The dy of all the layers. */
  readonly dy: Value;
  /** The offset of each layer's dy in it, in elements. */
  readonly starts: readonly number[];
}

/** Combines layers that may share a dispatch: all in one if their gradients can be joined into one value, else one for each. */
function together(g: Graph, layers: readonly LowRankGradient[]): Together[] {
  const [first] = layers;
  if (first === undefined) return [];
  const { u, B, lambda, dy } = first;
  if (layers.length === 1) return [{ layers, u, B, lambda, dy, starts: [0] }];
  const whole = g.join(layers.map((layer) => layer.dy));
  if (whole === undefined) return layers.flatMap((layer) => together(g, [layer]));
  return [{ layers, u, B, lambda, dy: whole, starts: whole.parts.map(({ offset }) => offset) }];
}

function mayShare(layer: LowRankGradient, group: readonly LowRankGradient[]): boolean {
  return group.every(
    (other) =>
      layer.u === other.u &&
      layer.B === other.B &&
      layer.lambda === other.lambda &&
      linesOf([widthOf(layer)]) === linesOf([widthOf(other)]) &&
      !vectorsOf(layer).some((vector) => vectorsOf(other).some((its) => overlap(vector, its))),
  );
}

/** The gradient of u, summed over the layers and added to the contributions of other uses of u. */
function emitUpBackward(g: Graph, part: Together, { wanted, sum }: Sink): Value | undefined {
  if (!wanted) return undefined;
  const { u, B, lambda, dy } = part;
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const { lines, ...sizes } = threeLayers(part, R);
  const kernel = veraUpBackward.kernel(lines, rightStorage(B));
  const params = { N, R, ...sizes, has_sum: Number(sum !== undefined) };
  return g.emit(kernel, { dy, B, lambda, sum: sum ?? dy }, { du: u.shape }, params).du;
}

/** The layers' gradients of the pool: partial sums, which are added up at the end of the pass. */
function emitLambdaBackward(g: Graph, part: Together, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const { layers, u, B, lambda, dy } = part;
  const grads = accumulatedIn(sink, lambda);
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const { lines, ...sizes } = threeLayers(part);
  const slice = tokensOfSlice(layers, N, R);
  const slices = ceilDiv(N, slice);
  const vectors = layers.flatMap((layer) => vectorsOf(layer, slices));
  const { partials, at } = g.inPass(LambdaSums).take(grads, vectors);
  // The offsets alternate: each layer's λ_b, then its λ_d.
  const [partial_b0, partial_b1, partial_b2] = threeSizes(at.filter((_, index) => index % 2 === 0));
  const [partial_d0, partial_d1, partial_d2] = threeSizes(at.filter((_, index) => index % 2 === 1));
  const places = { partial_b0, partial_b1, partial_b2, partial_d0, partial_d1, partial_d2 };
  const kernel = veraLambdaBackward.kernel(lines, rightStorage(u));
  g.emit(kernel, { dy, u, B, lambda, partials }, {}, { N, R, ...sizes, ...places, slice });
  return grads;
}

/** The variant for the layers' lines, and the params with the offsets of their gradients and vectors. */
function threeLayers({ layers, starts }: Together, result?: number) {
  const [, at_dy1, at_dy2] = threeSizes(starts);
  const [M0, M1, M2] = threeSizes(layers.map(widthOf));
  const [lambda_b0, lambda_b1, lambda_b2] = threeSizes(layers.map(({ offsetB }) => offsetB));
  const [lambda_d0, lambda_d1, lambda_d2] = threeSizes(layers.map(({ offsetD }) => offsetD));
  const lines = linesOf(layers.map(widthOf), result);
  return { lines, M0, M1, M2, at_dy1, at_dy2, lambda_b0, lambda_b1, lambda_b2, lambda_d0, lambda_d1, lambda_d2 };
}

function tokensOfSlice(layers: readonly LowRankGradient[], N: number, R: number): number {
  const tiles = layers.reduce((sum, layer) => sum + ceilDiv(widthOf(layer), TILE) * ceilDiv(R, TILE), 0);
  const slices = Math.min(ceilDiv(BUSY, tiles), ceilDiv(N, LEAST_SLICE));
  return roundUp(ceilDiv(N, slices), SLICE_STEP);
}

function vectorsOf(layer: LowRankGradient, slices = 1): readonly [LambdaVector, LambdaVector] {
  return partialSums(layer, { out: widthOf(layer), R: rowsAndColumns(layer.u.shape).columns, slices });
}

function widthOf({ dy }: LowRankGradient): number {
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
  const pool = checkPool(lambda, place, { out: M, R });
  if (B.dtype !== 'f32' || !pool.fits) {
    throw new WebVeraError(
      'invalid_argument',
      `${op}: expected B in f32 and ${pool.expected}, got ${B.dtype} and ${pool.given}`,
    );
  }
  return { N, M, R };
}

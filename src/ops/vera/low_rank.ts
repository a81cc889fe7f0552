import ofPart from '../../../shaders/lib/of_part.wgsl?raw';
import lambdaBackwardWgsl from '../../../shaders/vera/vera_lambda_backward.wgsl?raw';
import upBackwardWgsl from '../../../shaders/vera/vera_up_backward.wgsl?raw';
import { WebVeraError } from '../../core/error';
import { ceilDiv, expectShape, roundUp, rowsAndColumns, type Shape } from '../../core/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { gatheredIn } from '../column_sum';
import { emitLinear, withGradients } from '../products/linear';
import { inParts, threeSizes } from '../products/parts';
import { defineProduct } from '../products/product';
import { linesOf, rightStorage } from '../products/storage';
import { TILE } from '../products/tiles';
import {
  checkPool,
  type LambdaPlace,
  LambdaSums,
  type LambdaVector,
  makesPartialSums,
  overlap,
  partialSums,
} from './lambda_sums';

/** Up to three layers of one input, one behind the other: their sizes, and where each one's numbers are. */
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
  wgsl: upBackwardWgsl,
  libs: [ofPart],
  left: 'own',
  leftBase: true,
  right: 'own',
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
  wgsl: lambdaBackwardWgsl,
  left: 'columns',
  right: 'columns',
  parts: 'tile',
  leftBase: true,
  ...makesPartialSums,
  size: ({ N, R, M0, M1, M2 }) => [M0 + M1 + M2, R, N],
  // Each layer begins with a tile of its own.
  rows: ({ M0, M1, M2 }) => roundUp(M0, TILE) + roundUp(M1, TILE) + roundUp(M2, TILE),
  slices: ({ N, slice }) => ceilDiv(N, slice),
});

/** As many tiles as keep a device busy; where there are fewer, tokens are cut into slices. */
const BUSY = 64;
/** Tokens for which a tile is worth its while. */
const LEAST_SLICE = 128;
/** Slices are multiples of what a tile takes of K at a time. */
const SLICE_STEP = 16;

/** One adapter's part in a layer. */
export interface LowRank extends LambdaPlace {
  /** (…, R), of `veraDown`. */
  readonly u: Value;
  /** (≥ out, R) */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
}

/** Such a part, with the gradient of the layer's result (…, out). */
interface LowRankGradient extends LowRank {
  readonly dy: Value;
}

/**
 * Declares the gradients of λ_b ⊙ (B·(λ_d ⊙ u)), as a part of each layer's result y, by u and the pool. Layers with one
 * u, B and pool share dispatches.
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

/** Such a part where it is in the layer's weight already, so that u isn't made for the result. */
export interface MergedLowRank extends Omit<LowRank, 'u'> {
  /** (R, ≥ in) */
  readonly A: Value;
}

/**
 * Declares the gradients by the pool alone, of layers with the input x: what reaches x goes through the weights. u is made
 * in the backward pass, once for all that share A.
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

/** Up to three layers' parts in one dispatch. */
interface Together extends Omit<LowRank, 'lambdaB' | 'lambdaD'> {
  readonly layers: readonly LowRankGradient[];
  /** All of the layers' dy. */
  readonly dy: Value;
  /** Where each one begins in it: an element. */
  readonly starts: readonly number[];
}

/** Layers that may share dispatches: all together where their gradients can lie side by side, or else each alone. */
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

/** The sum of the layers' gradients by u, which they share with B and the pool, and of what others gave. */
function emitUpBackward(g: Graph, part: Together, { wanted, sum }: Sink): Value | undefined {
  if (!wanted) return undefined;
  const { u, B, lambda, dy } = part;
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const { lines, ...sizes } = threeLayers(part, R);
  const kernel = veraUpBackward.kernel(lines, rightStorage(B));
  const params = { N, R, ...sizes, has_sum: Number(sum !== undefined) };
  return g.emit(kernel, { dy, B, lambda, sum: sum ?? dy }, { du: u.shape }, params).du;
}

/** The layers' gradients by the pool, which they share with u and B: partial sums now, and the rest as the pass ends. */
function emitLambdaBackward(g: Graph, part: Together, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const { layers, u, B, lambda, dy } = part;
  const grads = gatheredIn(sink, lambda);
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const { lines, ...sizes } = threeLayers(part);
  const slice = tokensOfSlice(layers, N, R);
  const slices = ceilDiv(N, slice);
  const vectors = layers.flatMap((layer) => vectorsOf(layer, slices));
  const { partials, at } = g.inPass(LambdaSums).take(grads, vectors);
  // Each layer's λ_b, and then its λ_d.
  const [partial_b0, partial_b1, partial_b2] = threeSizes(at.filter((_, index) => index % 2 === 0));
  const [partial_d0, partial_d1, partial_d2] = threeSizes(at.filter((_, index) => index % 2 === 1));
  const places = { partial_b0, partial_b1, partial_b2, partial_d0, partial_d1, partial_d2 };
  const kernel = veraLambdaBackward.kernel(lines, rightStorage(u));
  g.emit(kernel, { dy, u, B, lambda, partials }, {}, { N, R, ...sizes, ...places, slice });
  return grads;
}

/** How up to three layers are read, and where their gradients and vectors lie. */
function threeLayers({ layers, starts }: Together, result?: number) {
  const [, at_dy1, at_dy2] = threeSizes(starts);
  const [M0, M1, M2] = threeSizes(layers.map(widthOf));
  const [lambda_b0, lambda_b1, lambda_b2] = threeSizes(layers.map(({ lambdaB }) => lambdaB));
  const [lambda_d0, lambda_d1, lambda_d2] = threeSizes(layers.map(({ lambdaD }) => lambdaD));
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

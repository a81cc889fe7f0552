import { ceilDiv, roundUp, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, PassEnd, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { overlap } from '../partial_sums';
import { rightStorage } from '../products/operand_storage';
import { threeSizes } from '../products/parts';
import { defineProduct } from '../products/product';
import { TILE } from '../products/tiles';
import { accumulatedIn } from '../rows/column_sum';
import { LambdaSums, makesPartialSums } from './lambda_sums';
import { type LowRankGradient, layerParams, type Together, threeLayers, vectorsOf, widthOf } from './low_rank';

export const veraLambdaBackward = defineProduct({
  name: 'vera_lambda_backward',
  bindings: {
    dy: 'read',
    u: 'read',
    other_dy: 'read',
    other_u: 'read',
    B: 'read',
    lambda: 'read',
    partials: 'update',
  },
  params: {
    ...layerParams,
    M3: 'size',
    lambda_b3: 'place',
    lambda_d3: 'place',
    partial_b0: 'place',
    partial_b1: 'place',
    partial_b2: 'place',
    partial_b3: 'place',
    partial_d0: 'place',
    partial_d1: 'place',
    partial_d2: 'place',
    partial_d3: 'place',
    slice: 'u32',
  },
  left: 'columns',
  right: 'columns',
  parts: 'tile',
  leftBase: true,
  ...makesPartialSums,
  libs: [...makesPartialSums.libs, 'four_parts'],
  size: ({ N, R, M0, M1, M2, M3 }) => [M0 + M1 + M2 + M3, R, N],
  // Each layer's rows begin at a new tile.
  rows: ({ M0, M1, M2, M3 }) => [M0, M1, M2, M3].reduce((rows, M) => rows + roundUp(M, TILE), 0),
  slices: ({ N, slice }) => ceilDiv(N, slice),
});

/** The number of tiles that is enough to occupy a device. If there are fewer tiles, the tokens are split into slices. */
const BUSY = 64;
/** The smallest number of tokens in a slice: with fewer, a tile's overhead outweighs its work. */
const LEAST_SLICE = 128;
/** The number of tokens in a slice is a multiple of this, the length of K that a tile processes in each iteration. */
const SLICE_STEP = 16;

/** Layers that share one u (the projection x·Aᵀ), and the buffer in which the pool's gradient accumulates. */
interface PoolGradient extends Together {
  readonly grads: Value;
}

/**
 * Adds the layers' contribution to the gradient of the pool (the buffer of trained vectors). If possible, one dispatch computes their
 * partial sums together with those of the next call; otherwise they have a dispatch of their own. The partial sums are added up at the end
 * of the pass.
 */
export function addPoolGradient(g: Graph, layers: Together, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const grads = accumulatedIn(sink, layers.lambda);
  g.inPass(LambdaProducts).add({ ...layers, grads });
  return grads;
}

/**
 * Collects the matrix products that give λ's gradients in a backward pass, so that one dispatch can compute those of two calls of
 * `addPoolGradient`.
 */
class LambdaProducts implements PassEnd {
  readonly #g: Graph;
  #waiting: PoolGradient | undefined;

  constructor(g: Graph) {
    this.#g = g;
  }

  add(next: PoolGradient): void {
    const waiting = this.#waiting;
    if (waiting === undefined || !mayJoin(waiting, next)) {
      this.#emitWaiting();
      this.#waiting = next;
      return;
    }
    this.#waiting = undefined;
    const [three, one] = waiting.layers.length === 1 ? [next, waiting] : [waiting, next];
    emitProducts(this.#g, three, one);
  }

  finish(): void {
    this.#emitWaiting();
    // `LambdaSums` may have finished before `#emitWaiting` made its partial sums. This call then adds them up.
    this.#g.inPass(LambdaSums).finish();
  }

  #emitWaiting(): void {
    if (this.#waiting !== undefined) emitProducts(this.#g, this.#waiting);
    this.#waiting = undefined;
  }
}

/** Whether one dispatch can compute a and b together: it supports up to three layers that share one u, and one layer with another u. */
function mayJoin(a: PoolGradient, b: PoolGradient): boolean {
  const vectors = b.layers.flatMap((layer) => vectorsOf(layer));
  return (
    [a, b].some(({ layers }) => layers.length === 1) &&
    a.grads === b.grads &&
    a.lambda === b.lambda &&
    a.B === b.B &&
    rowsAndColumns(a.u.shape).rows === rowsAndColumns(b.u.shape).rows &&
    threeLayers(a).lines === threeLayers(b).lines &&
    !a.layers.some((layer) => vectorsOf(layer).some((vector) => vectors.some((its) => overlap(vector, its))))
  );
}

function emitProducts(g: Graph, three: PoolGradient, one?: PoolGradient): void {
  const { layers, u, B, lambda, dy, grads } = three;
  const [fourth] = one?.layers ?? [];
  const all = fourth === undefined ? layers : [...layers, fourth];
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const { lines, ...sizes } = threeLayers(three);
  const slice = tokensOfSlice(all, N, R);
  const vectors = all.flatMap((layer) => vectorsOf(layer, ceilDiv(N, slice)));
  const { partials, at } = g.inPass(LambdaSums).take(grads, vectors);
  // The offsets alternate: each layer's λ_b, then its λ_d.
  const offsets = (which: 0 | 1) => at.filter((_, index) => index % 2 === which);
  const fourPlaces = (places: readonly number[]) =>
    [...threeSizes(places.slice(0, layers.length)), places[layers.length] ?? 0] as const;
  const [partial_b0, partial_b1, partial_b2, partial_b3] = fourPlaces(offsets(0));
  const [partial_d0, partial_d1, partial_d2, partial_d3] = fourPlaces(offsets(1));
  const places = { partial_b0, partial_b1, partial_b2, partial_b3, partial_d0, partial_d1, partial_d2, partial_d3 };
  const ofFourth = {
    M3: fourth === undefined ? 0 : widthOf(fourth),
    lambda_b3: fourth?.offsetB ?? 0,
    lambda_d3: fourth?.offsetD ?? 0,
  };
  g.emit(
    veraLambdaBackward.kernel(lines, rightStorage(u)),
    { dy, u, other_dy: one?.dy ?? dy, other_u: one?.u ?? u, B, lambda, partials },
    {},
    { N, R, ...sizes, ...ofFourth, ...places, slice },
  );
}

function tokensOfSlice(layers: readonly LowRankGradient[], N: number, R: number): number {
  const tiles = layers.reduce((sum, layer) => sum + ceilDiv(widthOf(layer), TILE) * ceilDiv(R, TILE), 0);
  const slices = Math.min(ceilDiv(BUSY, tiles), ceilDiv(N, LEAST_SLICE));
  return roundUp(ceilDiv(N, slices), SLICE_STEP);
}

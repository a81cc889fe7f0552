import { expectShape, roundUp } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import { storageOf, type Value, wholeOf } from '../../graph/value';
import { expectDtype } from '../expect_dtype';
import { ADDENDS, linesOf, rightStorage } from '../products/operand_storage';
import { inParts } from '../products/parts';
import { defineProduct } from '../products/product';
import { TILE } from '../products/tiles';
import { accumulatedIn } from '../rows/column_sum';
import { widen } from '../rows/widen';
import { expectLambda, type LambdaPlace, LambdaSums, makesPartialSums, partialSums } from './lambda_sums';

export const veraMergeKernel = defineProduct({
  name: 'vera_merge',
  bindings: {
    weight0: 'read',
    weight1: 'read',
    weight2: 'read',
    weight3: 'read',
    A: 'read',
    B: 'read',
    lambda: 'read',
    into: 'update',
  },
  params: {
    M0: 'size',
    M1: 'size',
    M2: 'size',
    M3: 'size',
    K: 'size',
    R: 'size',
    stride: 'u32',
    lambda_b0: 'place',
    lambda_b1: 'place',
    lambda_b2: 'place',
    lambda_b3: 'place',
    lambda_d0: 'place',
    lambda_d1: 'place',
    lambda_d2: 'place',
    lambda_d3: 'place',
    at0: 'place',
    at1: 'place',
    at2: 'place',
    at3: 'place',
    half: 'u32',
    has_weight: 'u32',
    onto: 'u32',
  },
  left: 'rows',
  leftBase: true,
  right: 'scaled_columns',
  parts: 'tile',
  libs: ['four_parts'],
  // Registers for the offsets of a weight's trained vectors and of its result.
  held: 8,
  addend: true,
  resultStart: true,
  size: ({ M0, M1, M2, M3, K, R }) => [M0 + M1 + M2 + M3, K, R],
  rows: ({ M0, M1, M2, M3 }) => [M0, M1, M2, M3].reduce((rows, M) => rows + roundUp(M, TILE), 0),
});

export const veraMergeBackward = defineProduct({
  name: 'vera_merge_backward',
  bindings: { dw: 'read', A: 'read', B: 'read', lambda: 'read', partials: 'update' },
  params: {
    M: 'size',
    K: 'size',
    R: 'size',
    stride: 'u32',
    lambda_b: 'place',
    lambda_d: 'place',
    partial_b: 'place',
    partial_d: 'place',
  },
  ...makesPartialSums,
  left: 'rows',
  right: 'rows',
  size: ({ M, K, R }) => [M, R, K],
});

/** The change ΔW that one adapter makes to one weight (out, in). */
export interface VeraMerge extends LambdaPlace {
  /** (out, in), in any storage format. Without it, the result is only ΔW. */
  readonly weight?: Value | undefined;
  /** (R, ≥ in), f32. */
  readonly A: Value;
  /** (≥ out, R), f32. */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
  /** The number of the weight's inputs. Only the first K columns of A are used. */
  readonly K: number;
}

/** A merge, and the pinned f32 value (out, K) to which its result is written. That value must not be the weight itself. */
export interface MergeInto extends VeraMerge {
  readonly into: Value;
}

/** Computes into = weight + λ_b ⊙ B[:out]·(λ_d ⊙ A[:, :K]). It has a gradient only if `differentiateMerge` declares it. */
export function veraMerge(g: Graph, merge: VeraMerge, into: Value): void {
  veraMerges(g, [{ ...merge, into }]);
}

/**
 * Computes several merges. Merges of one adapter share dispatches if their weights have the same K and storage format, and their results
 * are views of one value.
 */
export function veraMerges(g: Graph, merges: readonly MergeInto[]): void {
  for (const merge of merges) checkMerge(merge);
  for (const group of inParts(merges, mayShare, MOST_MERGES)) emitMerges(g, group);
}

/** The largest number of merges in one dispatch. */
const MOST_MERGES = 4;

function checkMerge({ weight, A, B, lambda, offsetB, offsetD, K, into }: MergeInto): void {
  const [M = 0] = into.shape;
  const [R = 0, stride = 0] = A.shape;
  expectShape('vera_merge into', into.shape, [M, K]);
  if (weight !== undefined) expectShape('vera_merge weight', weight.shape, [M, K]);
  expectShape('vera_merge A', A.shape, [R, Math.max(stride, K)]);
  expectShape('vera_merge B', B.shape, [Math.max(B.shape[0] ?? 0, M), R]);
  expectLambda('vera_merge', lambda, { offsetB, offsetD }, { out: M, R });
  expectDtype('vera_merge', 'f32', { A, B, into });
}

function mayShare(merge: MergeInto, [first]: readonly MergeInto[]): boolean {
  return (
    merge.A === first?.A &&
    merge.B === first.B &&
    merge.lambda === first.lambda &&
    merge.K === first.K &&
    merge.weight?.dtype === first.weight?.dtype &&
    wholeOf(merge.into) === wholeOf(first.into)
  );
}

function emitMerges(g: Graph, merges: readonly MergeInto[]): void {
  const [first] = merges;
  if (first === undefined) return;
  const { A, B, lambda, K, into, weight } = first;
  const [R = 0, stride = 0] = A.shape;
  const half = weight && ADDENDS[storageOf(weight).name];
  const onto = weight !== undefined && half === undefined;
  // Weights in other storage formats are first converted to f32: merging takes too small a part of a step to justify a kernel for each
  // format.
  if (onto) for (const merge of merges) if (merge.weight !== undefined) widen(g, merge.weight, merge.into);
  const weightOf = (part: number): Value => merges[part]?.weight ?? weight ?? B;
  const how = { half: half ?? 0, has_weight: Number(half !== undefined), onto: Number(onto) };
  g.emit(
    veraMergeKernel.kernel(linesOf([R], K), rightStorage(A)),
    {
      weight0: weightOf(0),
      weight1: weightOf(1),
      weight2: weightOf(2),
      weight3: weightOf(3),
      A,
      B,
      lambda,
      into: wholeOf(into),
    },
    {},
    { ...placesOf(merges), K, R, stride, ...how },
  );
}

function placesOf(merges: readonly MergeInto[]) {
  const four = (of: (merge: MergeInto) => number | undefined): readonly number[] =>
    [0, 1, 2, 3].map((part) => (merges[part] && of(merges[part])) ?? 0);
  const [M0 = 0, M1 = 0, M2 = 0, M3 = 0] = four(({ into }) => into.shape[0]);
  const [lambda_b0 = 0, lambda_b1 = 0, lambda_b2 = 0, lambda_b3 = 0] = four(({ offsetB }) => offsetB);
  const [lambda_d0 = 0, lambda_d1 = 0, lambda_d2 = 0, lambda_d3 = 0] = four(({ offsetD }) => offsetD);
  const [at0 = 0, at1 = 0, at2 = 0, at3 = 0] = four(({ into }) => into.view?.offset);
  const ofB = { lambda_b0, lambda_b1, lambda_b2, lambda_b3 };
  const ofD = { lambda_d0, lambda_d1, lambda_d2, lambda_d3 };
  return { M0, M1, M2, M3, ...ofB, ...ofD, at0, at1, at2, at3 };
}

/** Declares the gradient of the adapter's trained vectors (its pool) by that of the merged weight `into`: (out, K), pinned, f32. */
export function differentiateMerge(g: Graph, merge: VeraMerge, into: Value): void {
  g.differentiate(into, [merge.lambda], (dw, [toPool]) => [emitMergeBackward(g, merge, dw, toPool)]);
}

function emitMergeBackward(g: Graph, { A, B, lambda, K, ...place }: VeraMerge, dw: Value, sink: Sink): Value {
  const grads = accumulatedIn(sink, lambda);
  const [M = 0] = dw.shape;
  const [R = 0, stride = 0] = A.shape;
  expectShape('vera_merge gradient', dw.shape, [M, K]);
  const { partials, at } = g.inPass(LambdaSums).take(grads, partialSums(place, { out: M, R }));
  const [partial_b = 0, partial_d = 0] = at;
  const places = { lambda_b: place.offsetB, lambda_d: place.offsetD, partial_b, partial_d };
  const kernel = veraMergeBackward.kernel(linesOf([K]), rightStorage(A));
  g.emit(kernel, { dw, A, B, lambda, partials }, {}, { M, K, R, stride, ...places });
  return grads;
}

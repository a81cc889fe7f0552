import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { differentiateLinears, emitLinear, emitLinearLayer, type LinearLayer } from '../products/linear';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { joinNorm } from '../products/rms_norm_linear';
import { checkLowRank, type LowRank, type MergedLowRank } from './low_rank';
import { differentiateLowRank, differentiateMerged } from './low_rank_gradients';
import { emitVeraLinear, emitVeraLinearBackward, type Projection } from './vera_linear';
import { differentiateSaved, emitSaved } from './vera_saved';

export const veraAddForward = defineProduct({
  name: 'vera_add',
  bindings: { y: 'read', u: 'read', B: 'read', lambda: 'read', z: 'write' },
  params: { N: 'size', M: 'size', R: 'size', lambda_b: 'place', lambda_d: 'place' },
  libs: ['operands_of_up'],
  left: 'rows',
  right: 'scaled_rows',
  fewRows: true,
  f16: true,
  size: ({ N, M, R }) => [N, M, R],
});

/**
 * Computes u = x·A[:, :in]ᵀ: x (…, in), A (R, ≥ in), u (…, R). A is frozen, so only x receives a gradient. Modules that share x share u: it
 * is computed once, and its gradient is multiplied by A once.
 */
export function veraDown(g: Graph, x: Value, A: Value): Value {
  const projection = emitProjection(g, x, A);
  differentiateLinears(g, x, [layerOf(projection)]);
  return projection.u;
}

/** Computes the result of `veraDown`, without declaring a gradient. */
export function emitProjection(g: Graph, x: Value, A: Value): Projection {
  return { u: emitLinear(g, x, A), A };
}

function layerOf({ u, A }: Projection): LinearLayer & { readonly y: Value } {
  return { weight: A, y: u };
}

/** A linear layer, adapted or not. */
export interface VeraLayer extends LinearLayer {
  readonly low?: LowRank | undefined;
  /**
   * Whether B·(λ_d ⊙ u) is held for the backward pass, so that the backward pass computes one matrix product less. Always true for a weight
   * in shards.
   */
  readonly saved?: boolean;
  /** The low-rank branch in place of `low`, if ΔW is merged into the weight. */
  readonly merged?: MergedLowRank | undefined;
}

/**
 * Computes several layers with the same input. An adapted layer is y = x·weightᵀ + bias + residual + λ_b ⊙ (B[:out]·(λ_d ⊙ u)), (…, out). A
 * layer without an adapter is a `linear`. x, u, the pool, weights, biases and residuals receive gradients if they train; those of the pool,
 * weights and biases accumulate in the pinned buffers passed to `Graph.grad`. The layers share dispatches in the backward pass.
 *
 * @param projection From `emitProjection`. Its gradient is declared here, so ops with a gradient for u must be emitted after this call.
 */
export function veraLinears(g: Graph, x: Value, layers: readonly VeraLayer[], projection?: Projection): Value[] {
  const made = emitVeraLayers(g, x, layers, projection);
  const products = projection === undefined ? made : [...made, layerOf(projection)];
  differentiateLinears(g, x, products, (g, given, options) =>
    emitVeraLinearBackward(g, given, { A: projection?.A, ...options }),
  );
  const branches = made.flatMap(({ low, w, y }) => (low === undefined || w !== undefined ? [] : [{ ...low, y }]));
  const merged = made.flatMap(({ merged, y }) => (merged === undefined ? [] : [{ ...merged, y }]));
  const [withU, alone] = sharing(projection, merged);
  differentiateLowRank(g, [...branches, ...withU]);
  for (const { low, w, y } of made) if (low !== undefined && w !== undefined) differentiateSaved(g, low, w, y);
  differentiateMerged(g, x, alone);
  return made.map(({ y }) => y);
}

/** Returns two lists: the merged layers that have the projection's A, each with the projection's u added; and the other merged layers. */
function sharing<M extends MergedLowRank>(projection: Projection | undefined, merged: readonly M[]) {
  if (projection === undefined) return [[], merged] as const;
  const { u, A } = projection;
  const withU = merged.filter((layer) => layer.A === A).map((layer) => ({ ...layer, u, isMerged: true }));
  return [withU, merged.filter((layer) => layer.A !== A)] as const;
}

/** A layer's result, and the value that is held for the backward pass. */
interface MadeResult {
  readonly y: Value;
  readonly w?: Value;
}

/**
 * Emits the layers, and returns them with their results. Layers without a low-rank branch are emitted first: if the projection is the last
 * step, they may share its dispatch. If they don't, the projection may share the dispatch of the norm that computed x.
 */
function emitVeraLayers(
  g: Graph,
  x: Value,
  layers: readonly VeraLayer[],
  projection: Projection | undefined,
): (VeraLayer & MadeResult)[] {
  const plain = layers.map((layer) => (layer.low === undefined ? { y: emitLinearLayer(g, x, layer) } : undefined));
  if (projection !== undefined) joinNorm(g, x, projection);
  return layers.map((layer, index) => ({ ...layer, ...(plain[index] ?? emitVeraLayer(g, x, layer)) }));
}

function emitVeraLayer(g: Graph, x: Value, layer: VeraLayer): MadeResult {
  const { weight, bias, residual, low, saved } = layer;
  if (low === undefined) return { y: emitLinearLayer(g, x, layer) };
  // The kernel that computes the layer together with its branch doesn't support a weight in shards (split over several buffers).
  if (saved !== true && weight.shards === undefined) return { y: emitVeraLinear(g, x, layer, low) };
  const { w, z } = emitSaved(g, low, [...x.shape.slice(0, -1), weight.shape[0] ?? 0], residual);
  return { y: emitLinearLayer(g, x, { weight, bias, residual: z }), w };
}

/**
 * Adds the low-rank branch of another adapter to a layer's output y (…, out): y + λ_b ⊙ (B[:out]·(λ_d ⊙ u)). Its gradients are those of
 * `veraLinears`.
 */
export function veraAdd(g: Graph, y: Value, operands: LowRank): Value {
  const { u, B, lambda, offsetB: lambda_b, offsetD: lambda_d } = operands;
  const { N, M, R } = checkLowRank('vera_add', operands, y.shape);
  const kernel = veraAddForward.kernel(linesOf([R], M), rightStorage(B));
  const { z } = g.emit(kernel, { y, u, B, lambda }, { z: y.shape }, { N, M, R, lambda_b, lambda_d });
  g.differentiate(z, [y], (dz, [toY]) => [passOn(g, dz, toY)]);
  differentiateLowRank(g, [{ ...operands, y: z }]);
  return z;
}

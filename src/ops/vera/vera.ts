import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import {
  differentiateLinears,
  emitLinear,
  emitLinearBackward,
  emitLinearLayer,
  type LinearLayer,
} from '../products/linear';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { checkLowRank, differentiateLowRank, differentiateMerged, type LowRank, type MergedLowRank } from './low_rank';
import { differentiateSaved, emitSaved } from './vera_saved';

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
  lowRank: true,
  fewRows: true,
  f16: true,
  size: ({ N, M, K, R }) => [N, M, K + R],
});

export const veraAddForward = defineProduct({
  name: 'vera_add',
  bindings: { y: 'read', u: 'read', B: 'read', lambda: 'read', z: 'write' },
  params: { N: 'size', M: 'size', R: 'size', lambda_b: 'place', lambda_d: 'place' },
  left: 'rows',
  right: 'scaled_rows',
  fewRows: true,
  f16: true,
  size: ({ N, M, R }) => [N, M, R],
});

/**
 * u = x·A[:, :in]ᵀ: x (…, in), A (R, ≥ in), u (…, R). A is frozen, so only x receives a gradient. Modules that share x share u: it is
 * computed once, and its gradient is multiplied by A once.
 */
export function veraDown(g: Graph, x: Value, A: Value): Value {
  const { columns: K } = rowsAndColumns(x.shape);
  const u = emitLinear(g, x, A);
  g.differentiate(u, [x], (du, [{ sum }]) => [emitLinearBackward(g, [{ dy: du, weight: A }], { K, sum })]);
  return u;
}

/** A linear layer, adapted or not. */
export interface VeraLayer extends LinearLayer {
  readonly low?: LowRank | undefined;
  /** Whether B·(λ_d ⊙ u) is held for the backward pass, which saves it a product. Always true for a weight in shards. */
  readonly saved?: boolean;
  /** Replaces `low` if ΔW is merged into the weight. */
  readonly merged?: MergedLowRank | undefined;
}

/**
 * Several layers with the same input. An adapted one is y = x·weightᵀ + bias + residual + λ_b ⊙ (B[:out]·(λ_d ⊙ u)), (…, out), in one
 * kernel; another is a `linear`. x, u, the pool, weights, biases and residuals receive gradients if they train; those of the pool, weights
 * and biases accumulate in the pinned buffers passed to `Graph.grad`. The layers share dispatches in the backward pass.
 */
export function veraLinears(g: Graph, x: Value, layers: readonly VeraLayer[]): Value[] {
  const made = layers.map((layer) => ({ ...layer, ...emitVeraLayer(g, x, layer) }));
  differentiateLinears(g, x, made);
  differentiateLowRank(
    g,
    made.flatMap(({ low, w, y }) => (low === undefined || w !== undefined ? [] : [{ ...low, y }])),
  );
  for (const { low, w, y } of made) if (low !== undefined && w !== undefined) differentiateSaved(g, low, w, y);
  differentiateMerged(
    g,
    x,
    made.flatMap(({ merged, y }) => (merged === undefined ? [] : [{ ...merged, y }])),
  );
  return made.map(({ y }) => y);
}

function emitVeraLayer(g: Graph, x: Value, layer: VeraLayer): { readonly y: Value; readonly w?: Value } {
  const { weight, bias, residual, low, saved } = layer;
  if (low === undefined) return { y: emitLinearLayer(g, x, layer) };
  // The kernel that combines product and low-rank branch doesn't support shards.
  if (saved !== true && weight.shards === undefined) return { y: emitVeraLinear(g, x, layer, low) };
  const { w, z } = emitSaved(g, low, [...x.shape.slice(0, -1), weight.shape[0] ?? 0], residual);
  return { y: emitLinearLayer(g, x, { weight, bias, residual: z }), w };
}

function emitVeraLinear(g: Graph, x: Value, { weight, bias, residual }: LinearLayer, low: LowRank): Value {
  const { u, B, lambda, offsetB: lambda_b, offsetD: lambda_d } = low;
  const { columns: K } = rowsAndColumns(x.shape);
  const [M = 0] = weight.shape;
  const shape = [...x.shape.slice(0, -1), M];
  expectShape('vera_linear weight', weight.shape, [M, K]);
  if (bias !== undefined) expectShape('vera_linear bias', bias.shape, [M]);
  if (residual !== undefined) expectShape('vera_linear residual', residual.shape, shape);
  const { N, R } = checkLowRank('vera_linear', low, shape);
  const has = { has_bias: Number(bias !== undefined), has_residual: Number(residual !== undefined) };
  return g.emit(
    veraLinearForward.kernel(linesOf([K, R], M), rightStorage(weight)),
    { x, u, weight, bias: bias ?? x, B, lambda, residual: residual ?? x },
    { y: shape },
    { N, M, K, R, lambda_b, lambda_d, ...has },
  ).y;
}

/** y + λ_b ⊙ (B[:out]·(λ_d ⊙ u)): y (…, out). Adds another adapter to a layer's output; gradients as for `veraLinears`. */
export function veraAdd(g: Graph, y: Value, operands: LowRank): Value {
  const { u, B, lambda, offsetB: lambda_b, offsetD: lambda_d } = operands;
  const { N, M, R } = checkLowRank('vera_add', operands, y.shape);
  const kernel = veraAddForward.kernel(linesOf([R], M), rightStorage(B));
  const { z } = g.emit(kernel, { y, u, B, lambda }, { z: y.shape }, { N, M, R, lambda_b, lambda_d });
  g.differentiate(z, [y], (dz, [toY]) => [passOn(g, dz, toY)]);
  differentiateLowRank(g, [{ ...operands, y: z }]);
  return z;
}

import { WebVeraError } from '../../core/errors/error';
import { ceilDiv, expectShape, roundUp } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { type Rotary, rope, turn } from '../rope';
import { shaderKernel } from '../shader_kernel';
import { differentiateAttention, type Unturned } from './attention_backward';
import { resizeHeads } from './resize_heads';
import {
  type AttentionSizes,
  attentionParams,
  COLUMNS,
  HELD,
  TILE,
  visibleProducts,
  withCap,
  withDirections,
} from './variants';

/**
 * The number of registers per thread that a variant with tiles in workgroup memory needs after a GPU driver has compiled it
 * (`VariantInit.registers`).
 */
const REGISTERS = 112;

/** The shader files that the variants `subgroup` and `held` share. */
const onQuads = ['enable_subgroups', 'attention', 'subgroup', 'neighbours', 'rows', 'softmax', 'block'];

export const attentionForward = shaderKernel({
  name: 'attention',
  bindings: { q: 'read', k: 'read', v: 'read', spans: 'read', y: 'write', L: 'write' },
  params: attentionParams,
  splits: true,
  variants: withDirections(
    withCap<typeof attentionParams>([
      {
        name: 'workgroup',
        wgsl: ['attention', 'workgroup', 'tile', 'rows', 'blocks', 'softmax', 'block'],
        registers: REGISTERS,
        workgroups: ({ B, T, H, D }) => [ceilDiv(T, TILE) * ceilDiv(D, COLUMNS), H, B],
      },
      {
        name: 'serial',
        wgsl: ['attention', 'serial', 'rows', 'pairs', 'softmax', 'block'],
        workgroups: ({ B, T, H }) => [ceilDiv(T, TILE), H, B],
      },
      {
        name: 'subgroup',
        wgsl: [...onQuads, 'in_memory', 'pairs'],
        features: ['subgroups'],
        workgroups: ({ B, T, H }) => [ceilDiv(T, TILE), H, B],
      },
      {
        name: 'held',
        wgsl: [...onQuads, 'held', 'heads_held', 'blocks'],
        features: ['subgroups'],
        fits: ({ D }) => D === HELD,
        workgroups: ({ B, T, H }) => [ceilDiv(T, TILE), H, B],
      },
    ]),
  ),
  flops: (sizes) => 4 * visibleProducts(sizes),
});

/** The attention heads of a layer, and how they compute attention. */
export interface AttentionHeads {
  /** The number of query heads. */
  readonly H: number;
  /** The number of key and value heads; it divides H. Query head h uses key and value head floor(h · Hkv / H). */
  readonly Hkv: number;
  /** The size of a head. */
  readonly D: number;
  /** The factor by which products of queries and keys are multiplied. Default: 1 / √D. */
  readonly scale?: number;
  /**
   * The number of tokens to which a query attends, up to and including its own; if attention isn't causal, it attends to as many after its
   * own as before. At least 1. Default: all tokens.
   */
  readonly window?: number;
  /** Whether a query attends to no keys after its own. Default: true. */
  readonly causal?: boolean;
  /** The cap of scores: s becomes softcap · tanh(s / softcap), which is within ±softcap. Default: scores stay unchanged. */
  readonly softcap?: number;
  /** The rotation of queries and keys before attention, as by `rope`. Default: no rotation. */
  readonly rotary?: Rotary;
}

export interface AttentionInputs extends AttentionHeads {
  /** (B·T, H·D) */
  readonly q: Value;
  /** (B·T, Hkv·D) */
  readonly k: Value;
  /** (B·T, Hkv·D) */
  readonly v: Value;
  /** u32 (B, T, 2): the result of `attentionSpans`. Padding may be anywhere in a row. */
  readonly spans: Value;
  readonly B: number;
  readonly T: number;
}

/**
 * softmax(scale · q·kᵀ)·v, with scores capped if `softcap` is given: (B·T, H·D). A query attends to the real tokens of its document within
 * the window, and only up to its own token if attention is causal. The result of a query that attends to no token is zero. The scores are
 * never stored: memory grows with T, not T².
 */
export function attention(g: Graph, inputs: AttentionInputs): Value {
  const { q, k, v, spans, B, T, H, Hkv, D, window = T, rotary } = inputs;
  expectHeads(inputs);
  if (!(window >= 1)) throw new WebVeraError('invalid_argument', `attention: expected a window above 0, got ${window}`);
  expectShape('attention q', q.shape, [B * T, H * D]);
  expectShape('attention k', k.shape, [B * T, Hkv * D]);
  expectShape('attention v', v.shape, [B * T, Hkv * D]);
  expectShape('attention spans', spans.shape, [B, T, 2]);
  const turnsBack = rotary !== undefined && rotary.table.shape[1] === D && D % 8 === 0;
  if (turnsBack) return attend(g, { ...inputs, ...turn(g, { q, k, D, ...rotary }) }, { q, k, v, rotary });
  return attendPadded(g, rotary === undefined ? inputs : { ...inputs, ...rope(g, { q, k, D, ...rotary }) });
}

function attendPadded(g: Graph, inputs: AttentionInputs): Value {
  const { q, k, v, D } = inputs;
  const padded = roundUp(D, 4);
  if (padded === D) return attend(g, inputs);
  // The kernels read four numbers of a head at a time, so heads are padded with zeros, which change neither scores nor sums.
  const pad = (x: Value): Value => resizeHeads(g, x, D, padded);
  const wide = { ...inputs, q: pad(q), k: pad(k), v: pad(v), D: padded, scale: scaleOf(inputs) };
  return resizeHeads(g, attend(g, wide), padded, D);
}

export function scaleOf({ D, scale = 1 / Math.sqrt(D) }: AttentionHeads): number {
  return scale;
}

function attend(g: Graph, inputs: AttentionInputs, unturned?: Unturned): Value {
  const { q, k, v, spans, B, T, H, Hkv, D, window = T, softcap = 0, causal = true } = inputs;
  const sizes: AttentionSizes = {
    ...{ B, T, H, Hkv, D, softcap },
    scale: scaleOf(inputs),
    window: Math.min(window, T),
    causal: Number(causal),
  };
  const made = g.emit(attentionForward, { q, k, v, spans }, { y: q.shape, L: [B, H, T] }, sizes);
  differentiateAttention(g, { q, k, v, spans, ...made }, sizes, unturned);
  return made.y;
}

/** Throws `invalid_argument` for key and value heads that don't divide the query heads, or a cap that isn't above 0. */
export function expectHeads({ H, Hkv, softcap }: AttentionHeads): void {
  if (H % Hkv !== 0) {
    throw new WebVeraError('invalid_argument', `attention: expected kv heads that divide ${H} query heads, got ${Hkv}`);
  }
  if (softcap === undefined || (softcap > 0 && Number.isFinite(softcap))) return;
  throw new WebVeraError('invalid_argument', `attention: expected a softcap above 0, got ${softcap}`);
}

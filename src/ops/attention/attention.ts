import { WebVeraError } from '../../core/errors/error';
import type { Grid, Params } from '../../core/kernels/kernel';
import { ceilDiv, expectShape, roundUp } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel, shaderKernel } from '../shader_kernel';
import { resizeHeads } from './resize_heads';
import { withCap, withDirections } from './variants';

/*
 * Three families: `workgroup` shares tiles and comes first, because it suits every GPU. `workgroup_apart` is `workgroup` for GPUs with few
 * registers: it makes gradients of keys and of values in different workgroups, which repeat the scores. `subgroup` shares the reads of
 * the threads of a quad, and `serial` shares nothing: both are for software GPUs. `held` is `subgroup` with small heads in registers,
 * for devices on which reads cost more than instructions.
 */

/** Tokens of a workgroup's tile, in all families. */
const TILE = 32;
/** Columns of a head that a workgroup of the `workgroup` family computes. */
const COLUMNS = 64;
/** The size of a head that fits into registers. */
const HELD = 8;

/**
 * The registers that variants need (`VariantInit.registers`), as GPUs' compilers make them. The gradient of keys holds 64 sums, or 32 if
 * other workgroups compute the gradient of values.
 */
const REGISTERS = { attention: 112, backward: 168, apart: 112 };

/** For `subgroup` and `held`. */
const forwardOnQuads = ['enable_subgroups', 'attention', 'subgroup', 'neighbours', 'rows', 'softmax', 'block'];
const backwardOnQuads = [
  'enable_subgroups',
  'attention_backward',
  'backward_subgroup',
  'neighbours',
  'rows',
  'meeting',
  'block',
];

const params = {
  B: 'size',
  T: 'size',
  H: 'size',
  Hkv: 'size',
  D: 'size',
  scale: 'f32',
  window: 'size',
  softcap: 'f32',
  causal: 'u32',
} as const;
const backwardParams = { ...params, of_keys: 'u32' } as const;

export const attentionForward = shaderKernel({
  name: 'attention',
  bindings: { q: 'read', k: 'read', v: 'read', spans: 'read', y: 'write', L: 'write' },
  params,
  splits: true,
  variants: withDirections(
    withCap<typeof params>([
      {
        name: 'workgroup',
        wgsl: ['attention', 'workgroup', 'tile', 'rows', 'blocks', 'softmax', 'block'],
        registers: REGISTERS.attention,
        workgroups: ({ B, T, H, D }) => [ceilDiv(T, TILE) * ceilDiv(D, COLUMNS), H, B],
      },
      {
        name: 'serial',
        wgsl: ['attention', 'serial', 'rows', 'pairs', 'softmax', 'block'],
        workgroups: ({ B, T, H }) => [ceilDiv(T, TILE), H, B],
      },
      {
        name: 'subgroup',
        wgsl: [...forwardOnQuads, 'in_memory', 'pairs'],
        features: ['subgroups'],
        workgroups: ({ B, T, H }) => [ceilDiv(T, TILE), H, B],
      },
      {
        name: 'held',
        wgsl: [...forwardOnQuads, 'held', 'heads_held', 'blocks'],
        features: ['subgroups'],
        fits: ({ D }) => D === HELD,
        workgroups: ({ B, T, H }) => [ceilDiv(T, TILE), H, B],
      },
    ]),
  ),
  flops: (sizes) => 4 * visibleProducts(sizes),
});

export const attentionStats = flatKernel({
  name: 'attention_stats',
  bindings: { y: 'read', dy: 'read', L: 'read', stats: 'write' },
  params: { B: 'size', T: 'size', H: 'size', D: 'size' },
  threads: ({ B, T, H }) => B * H * T,
  flops: ({ B, T, H, D }) => 2 * B * T * H * D,
});

/** The gradient of queries, or of keys and values: one kernel for both, to compile only one. */
export const attentionBackward = shaderKernel({
  name: 'attention_backward',
  bindings: {
    x: 'read',
    x_values: 'read',
    z: 'read',
    z_values: 'read',
    spans: 'read',
    stats: 'read',
    dx: 'write',
    dx_values: 'write',
  },
  params: backwardParams,
  splits: true,
  variants: withDirections(
    withCap<typeof backwardParams>([
      {
        name: 'workgroup',
        wgsl: [
          'attention_backward',
          'backward_workgroup',
          'backward_tile',
          'tile',
          'rows',
          'meeting',
          'backward_blocks',
          'block',
        ],
        registers: REGISTERS.backward,
        workgroups: (sizes) => rowTiles(sizes, ceilDiv(sizes.D, COLUMNS)),
      },
      {
        name: 'workgroup_apart',
        wgsl: [
          'attention_backward',
          'backward_apart',
          'backward_tile',
          'tile',
          'rows',
          'meeting',
          'backward_blocks',
          'block',
        ],
        registers: REGISTERS.apart,
        workgroups: (sizes) => rowTiles(sizes, ceilDiv(sizes.D, COLUMNS) * (sizes.of_keys !== 0 ? 2 : 1)),
      },
      {
        name: 'serial',
        wgsl: ['attention_backward', 'backward_serial', 'rows', 'meeting', 'backward_pairs', 'block'],
        workgroups: (sizes) => rowTiles(sizes),
      },
      {
        name: 'subgroup',
        wgsl: [...backwardOnQuads, 'backward_in_memory', 'backward_pairs'],
        features: ['subgroups'],
        workgroups: (sizes) => rowTiles(sizes),
      },
      {
        name: 'held',
        wgsl: [...backwardOnQuads, 'backward_held', 'heads_held', 'backward_blocks'],
        features: ['subgroups'],
        fits: ({ D }) => D === HELD,
        workgroups: (sizes) => rowTiles(sizes),
      },
    ]),
  ),
  flops: ({ of_keys, ...sizes }) => (of_keys !== 0 ? 8 : 6) * visibleProducts(sizes),
});

/** The grid of the backward kernel, with `parts` workgroups for a tile of rows. */
function rowTiles({ B, T, H, Hkv, of_keys }: Params<typeof backwardParams>, parts = 1): Grid {
  return [ceilDiv(T, TILE) * parts, of_keys !== 0 ? Hkv : H, B];
}

/** Multiplications in one pass over the visible scores: below the diagonal or on both sides, and within the window. */
function visibleProducts({ B, T, H, D, window, causal }: Params<typeof params>): number {
  const below = (B * H * D * window * (2 * T - window + 1)) / 2;
  return causal !== 0 ? below : 2 * below - B * H * D * T;
}

/** The heads of a layer. */
export interface AttentionHeads {
  /** Query heads. */
  readonly H: number;
  /** Key and value heads; divides H. Query head h uses kv head floor(h · Hkv / H). */
  readonly Hkv: number;
  /** Size of a head. */
  readonly D: number;
  /** The factor for products of queries and keys. Default: 1 / √D. */
  readonly scale?: number;
  /**
   * The number of tokens that a query sees up to and including its own, and as many after it if attention isn't causal; at least 1.
   * Default: all.
   */
  readonly window?: number;
  /** Whether a query sees no keys after its own. Default: true. */
  readonly causal?: boolean;
  /** Scores s become softcap · tanh(s / softcap), which is within ±softcap. Default: scores stay unchanged. */
  readonly softcap?: number;
}

export interface AttentionInputs extends AttentionHeads {
  /** (B·T, H·D) */
  readonly q: Value;
  /** (B·T, Hkv·D) */
  readonly k: Value;
  /** (B·T, Hkv·D) */
  readonly v: Value;
  /** u32 (B, T, 2): from `attentionSpans`. Padding may be anywhere in a row. */
  readonly spans: Value;
  readonly B: number;
  readonly T: number;
}

/**
 * softmax(scale · q·kᵀ)·v, with scores capped if `softcap` is given: (B·T, H·D). A query sees the real tokens of its document within the
 * window, only up to itself if attention is causal; a query that sees no token gives zeros. The scores are never stored: memory grows with
 * T, not T².
 */
export function attention(g: Graph, inputs: AttentionInputs): Value {
  const { q, k, v, spans, B, T, H, Hkv, D, window = T } = inputs;
  if (H % Hkv !== 0) {
    throw new WebVeraError('invalid_argument', `attention: expected kv heads that divide ${H} query heads, got ${Hkv}`);
  }
  if (!(window >= 1)) throw new WebVeraError('invalid_argument', `attention: expected a window above 0, got ${window}`);
  expectCap(inputs.softcap);
  expectShape('attention q', q.shape, [B * T, H * D]);
  expectShape('attention k', k.shape, [B * T, Hkv * D]);
  expectShape('attention v', v.shape, [B * T, Hkv * D]);
  expectShape('attention spans', spans.shape, [B, T, 2]);
  const scale = scaleOf(inputs);
  const padded = roundUp(D, 4);
  if (padded === D) return attend(g, inputs, scale);
  // The kernels read four numbers of a head at a time; zeros change neither scores nor sums.
  const pad = (x: Value): Value => resizeHeads(g, x, D, padded);
  return resizeHeads(g, attend(g, { ...inputs, q: pad(q), k: pad(k), v: pad(v), D: padded }, scale), padded, D);
}

export function scaleOf({ D, scale = 1 / Math.sqrt(D) }: AttentionHeads): number {
  return scale;
}

function attend(g: Graph, inputs: AttentionInputs, scale: number): Value {
  const { q, k, v, spans, B, T, H, Hkv, D, window = T, softcap = 0, causal = true } = inputs;
  const sizes = { B, T, H, Hkv, D, scale, window: Math.min(window, T), softcap, causal: Number(causal) };
  const { y, L } = g.emit(attentionForward, { q, k, v, spans }, { y: q.shape, L: [B, H, T] }, sizes);
  g.differentiate(y, [q, k, v], (dy, [toQ, toK, toV]) => {
    const { stats } = g.emit(attentionStats, { y, dy, L }, { stats: [B, H, T, 2] }, { B, T, H, D });
    const dq = toQ.wanted ? backwardOfQueries(g, { q, k, v, spans, stats, dy }, sizes) : undefined;
    const keys = toK.wanted || toV.wanted ? backwardOfKeys(g, { q, k, v, spans, stats, dy }, sizes) : undefined;
    return [total(g, dq, toQ), total(g, keys?.dk, toK), total(g, keys?.dv, toV)];
  });
  return y;
}

interface BackwardInputs extends Pick<AttentionInputs, 'q' | 'k' | 'v' | 'spans'> {
  readonly stats: Value;
  readonly dy: Value;
}

function backwardOfQueries(
  g: Graph,
  { q, k, v, spans, stats, dy }: BackwardInputs,
  sizes: Params<typeof params>,
): Value {
  const given = { x: q, x_values: dy, z: k, z_values: v, spans, stats };
  // Queries have no values: a small buffer that the kernel doesn't write replaces their gradient.
  return g.emit(attentionBackward, given, { dx: q.shape, dx_values: [4] }, { ...sizes, of_keys: 0 }).dx;
}

function backwardOfKeys(
  g: Graph,
  { q, k, v, spans, stats, dy }: BackwardInputs,
  sizes: Params<typeof params>,
): { readonly dk: Value; readonly dv: Value } {
  const given = { x: k, x_values: v, z: q, z_values: dy, spans, stats };
  const made = g.emit(attentionBackward, given, { dx: k.shape, dx_values: v.shape }, { ...sizes, of_keys: 1 });
  return { dk: made.dx, dv: made.dx_values };
}

/** The gradient plus earlier contributions, which are rare, because q, k and v have one use each. */
function total(g: Graph, own: Value | undefined, sink: Sink): Value | undefined {
  return own && passOn(g, own, sink);
}

/** Throws `invalid_argument` for a cap that isn't above 0. */
export function expectCap(softcap: number | undefined): void {
  if (softcap === undefined || (softcap > 0 && Number.isFinite(softcap))) return;
  throw new WebVeraError('invalid_argument', `attention: expected a softcap above 0, got ${softcap}`);
}

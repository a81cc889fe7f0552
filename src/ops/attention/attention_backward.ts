import type { Grid, Params } from '../../core/kernels/kernel';
import { ceilDiv } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { type JoinedValue, transient, type Value } from '../../graph/value';
import { passOn } from '../add';
import { joinAll } from '../products/parts';
import { type Rotary, turnsOf } from '../rope';
import { shaderKernel } from '../shader_kernel';
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
 * The number of registers per thread that variants with tiles in workgroup memory need after a GPU driver has compiled them
 * (`VariantInit.registers`). `together`: in the pass for keys, a thread holds 32 sums for the gradient of keys and 32 for that of values.
 * `apart`: separate workgroups compute these two gradients, so a thread holds only 32 sums.
 */
const REGISTERS = { together: 168, apart: 112 };

const tiles = ['backward_tile', 'tile', 'rows', 'meeting', 'query_products', 'backward_blocks', 'block'];
/** The shader files that the variants `subgroup` and `held` share. */
const onQuads = ['enable_subgroups', 'attention_backward', 'backward_subgroup', 'neighbours', 'rows', 'meeting'];

const params = {
  ...attentionParams,
  of_keys: 'u32',
  at_L: 'place',
  at_products: 'place',
  at_dx: 'place',
  at_dx_values: 'place',
  is_turned: 'u32',
} as const;

/** Computes the gradient of queries, or those of keys and values. One kernel does both, so that only one has to be compiled. */
export const attentionBackward = shaderKernel({
  name: 'attention_backward',
  bindings: {
    x: 'read',
    x_values: 'read',
    z: 'read',
    z_values: 'read',
    spans: 'read',
    turns: 'read',
    saved: 'update',
    gradients: 'write',
  },
  params,
  splits: true,
  variants: withDirections(
    withCap<typeof params>([
      {
        name: 'workgroup',
        wgsl: ['attention_backward', 'backward_workgroup', ...tiles],
        registers: REGISTERS.together,
        workgroups: (sizes) => rowTiles(sizes, ceilDiv(sizes.D, COLUMNS)),
      },
      {
        name: 'workgroup_apart',
        wgsl: ['attention_backward', 'backward_apart', ...tiles],
        registers: REGISTERS.apart,
        workgroups: (sizes) => rowTiles(sizes, ceilDiv(sizes.D, COLUMNS) * (sizes.of_keys !== 0 ? 2 : 1)),
      },
      {
        name: 'serial',
        wgsl: ['attention_backward', 'backward_serial', 'rows', 'meeting', 'query_products', 'backward_pairs', 'block'],
        workgroups: (sizes) => rowTiles(sizes),
      },
      {
        name: 'subgroup',
        wgsl: [...onQuads, 'query_products', 'block', 'backward_in_memory', 'backward_pairs'],
        features: ['subgroups'],
        workgroups: (sizes) => rowTiles(sizes),
      },
      {
        name: 'held',
        wgsl: [...onQuads, 'query_products', 'block', 'backward_held', 'heads_held', 'backward_blocks'],
        features: ['subgroups'],
        fits: ({ D }) => D === HELD,
        workgroups: (sizes) => rowTiles(sizes),
      },
    ]),
  ),
  flops: ({ of_keys, ...sizes }) => (of_keys !== 0 ? 8 : 6) * visibleProducts(sizes),
});

/** Returns the kernel's grid, with `parts` workgroups for each tile of rows. */
function rowTiles({ B, T, H, Hkv, of_keys }: Params<typeof params>, parts = 1): Grid {
  return [ceilDiv(T, TILE) * parts, of_keys !== 0 ? Hkv : H, B];
}

interface HeadRows {
  /** (B·T, H·D) */
  readonly q: Value;
  /** (B·T, Hkv·D) */
  readonly k: Value;
  /** (B·T, Hkv·D) */
  readonly v: Value;
}

interface AttentionResults extends HeadRows {
  readonly spans: Value;
  /** (B·T, H·D) */
  readonly y: Value;
  /** (B, H, T) */
  readonly L: Value;
}

/**
 * The queries, keys and values before RoPE, which rotated all numbers of each head. They receive the gradients, instead of the rotated
 * ones in `AttentionResults`.
 */
export interface Unturned extends HeadRows {
  readonly rotary: Rotary;
}

/** Declares the gradients of attention. With `unturned`, the gradients of queries and keys are rotated back. */
export function differentiateAttention(
  g: Graph,
  results: AttentionResults,
  sizes: AttentionSizes,
  unturned?: Unturned,
): void {
  const { y, L } = results;
  const { B, T, H, D } = sizes;
  const products = transient('attention.products', [ceilDiv(D, COLUMNS), B, H, T]);
  const saved = joinAll(g, [y, L, products]);
  const { q, k, v } = unturned ?? results;
  g.differentiate(y, [q, k, v], (dy, [toQ, toK, toV]) => {
    const [dq, dk, dv] = [transient('dq', q.shape), transient('dk', k.shape), transient('dv', v.shape)];
    const gradients = joinAll(g, [dq, dk, dv]);
    const turns = unturned && turnsOf(g, unturned.rotary);
    const backward = { ...results, dy, saved, gradients, turns };
    // The pass for queries also writes y · dy, which the pass for keys and values reads.
    emitPass(g, backward, sizes, 0);
    if (toK.wanted || toV.wanted) emitPass(g, backward, sizes, 1);
    return [passOn(g, dq, toQ), passOn(g, dk, toK), passOn(g, dv, toV)];
  });
}

interface Backward extends Pick<AttentionResults, 'q' | 'k' | 'v' | 'spans'> {
  readonly dy: Value;
  /** The concatenation of y, L and y · dy. */
  readonly saved: JoinedValue;
  /** The concatenation of dq, dk and dv. */
  readonly gradients: JoinedValue;
  readonly turns: Value | undefined;
}

function emitPass(
  g: Graph,
  { q, k, v, spans, dy, saved, gradients, turns }: Backward,
  sizes: AttentionSizes,
  of_keys: 0 | 1,
): void {
  const [, at_L, at_products] = startsOf(saved);
  const [at_dq, at_dk, at_dv] = startsOf(gradients);
  const ofQueries = { x: q, x_values: dy, z: k, z_values: v };
  const ofKeys = { x: k, x_values: v, z: q, z_values: dy };
  g.emit(
    attentionBackward,
    { ...(of_keys === 0 ? ofQueries : ofKeys), spans, turns: turns ?? q, saved },
    { gradients },
    {
      ...{ ...sizes, of_keys, at_L, at_products },
      ...{ at_dx: of_keys === 0 ? at_dq : at_dk, at_dx_values: at_dv, is_turned: Number(turns !== undefined) },
    },
  );
}

function startsOf({ parts: [first, second, third] }: JoinedValue): readonly [number, number, number] {
  return [first?.offset ?? 0, second?.offset ?? 0, third?.offset ?? 0];
}

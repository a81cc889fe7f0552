import type { Params } from '../../core/kernels/kernel';
import { ceilDiv } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { turn } from '../rope';
import { shaderKernel } from '../shader_kernel';
import { type AttentionHeads, expectHeads, scaleOf } from './attention';
import { attentionDecode } from './attention_decode';
import { type CacheWriteInputs, cacheWrite } from './cache_write';
import { withCap } from './variants';

/** The largest supported head. The shader has workgroup memory for queries and keys of up to this many numbers. */
const MOST_HEAD = 256;

const params = { B: 'size', S: 'size', H: 'size', Hkv: 'size', D: 'size', scale: 'f32', softcap: 'f32' } as const;

const fits = ({ D }: Params<typeof params>): boolean => D % 8 === 0 && D <= MOST_HEAD;

export const ropeAttentionDecodeKernel = shaderKernel({
  name: 'rope_attention_decode',
  bindings: {
    q: 'read',
    k: 'read',
    v: 'read',
    table: 'read',
    positions: 'read',
    k_cache: 'update',
    v_cache: 'update',
    y: 'write',
  },
  params,
  variants: withCap<typeof params>([
    {
      name: 'workgroup',
      wgsl: ['rope_attention_decode', 'word_vec4', 'decode_scores', 'decode_workgroup'],
      workgroups: ({ B, H }) => [H, B],
    },
    {
      name: 'serial',
      wgsl: ['rope_attention_decode', 'word_vec4', 'decode_scores', 'decode_serial'],
      workgroups: ({ B, H }) => [ceilDiv(B * H, 4)],
    },
  ]),
  // The count is for a full cache, as the cache's actual length is known only on the device.
  flops: ({ B, S, H, Hkv, D }) => 4 * B * S * H * D + 3 * B * (H + Hkv) * D,
});

interface CachedAttentionInputs
  extends AttentionHeads,
    Pick<CacheWriteInputs, 'k' | 'v' | 'k_cache' | 'v_cache' | 'positions'> {
  /** (B, H·D): one new query per row. */
  readonly q: Value;
}

/**
 * Writes each row's new key and value (B, Hkv·D) into its cache, and returns the attention to the cache, as `cacheWrite` and
 * `attentionDecode` do: (B, H·D). If RoPE rotates all numbers of a head, one dispatch does all this and RoPE too. The rotated keys are then
 * stored only in the cache. Has no gradient.
 */
export function cachedAttention(g: Graph, inputs: CachedAttentionInputs): Value {
  const { q, k, v, k_cache, v_cache, positions, softcap = 0, H, Hkv, D, rotary } = inputs;
  const [B = 0, S = 0] = k_cache.shape;
  expectHeads(inputs);
  const sizes = { B, S, H, Hkv, D, scale: scaleOf(inputs), softcap };
  if (rotary?.table.shape[1] === D && rotary.positions === positions && fits(sizes)) {
    const given = { q, k, v, table: rotary.table, positions, k_cache, v_cache };
    return g.emit(ropeAttentionDecodeKernel, given, { y: q.shape }, sizes).y;
  }
  const turned = rotary === undefined ? { q, k } : turn(g, { q, k, D, ...rotary });
  cacheWrite(g, { k: turned.k, v, k_cache, v_cache, positions, last: positions, B, T: 1 });
  return attentionDecode(g, { ...inputs, q: turned.q });
}

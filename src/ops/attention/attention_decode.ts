import { ceilDiv, expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { serialVariants } from '../row_variants';
import { shaderKernel } from '../shader_kernel';
import { type AttentionHeads, expectHeads, scaleOf } from './attention';
import { withCap } from './variants';

/** The number of threads in a workgroup. Each sums one word (a `vec4` or a single float) of a head. Wider heads take several workgroups. */
const THREADS = 128;

const params = { B: 'size', S: 'size', H: 'size', Hkv: 'size', D: 'size', scale: 'f32', softcap: 'f32' } as const;

export const attentionDecodeKernel = shaderKernel({
  name: 'attention_decode',
  bindings: { q: 'read', k_cache: 'read', v_cache: 'read', positions: 'read', y: 'write' },
  params,
  variants: withCap<typeof params>([
    {
      name: 'workgroup',
      wgsl: ['attention_decode', 'word_vec4', 'decode_scores', 'decode_workgroup'],
      workgroups: ({ B, H, D }) => [H, B, ceilDiv(D / 4, THREADS)],
      fits: ({ D }) => D % 4 === 0,
    },
    {
      name: 'workgroup',
      cases: ['scalar'],
      wgsl: ['attention_decode', 'word_scalar', 'decode_scores', 'decode_workgroup'],
      workgroups: ({ B, H, D }) => [H, B, ceilDiv(D, THREADS)],
    },
    ...serialVariants<typeof params>({
      wgsl: ['attention_decode', 'decode_scores', 'decode_serial'],
      rowLength: ({ D }) => D,
      workgroups: ({ B, H }) => [ceilDiv(B * H, 4)],
    }),
  ]),
  // The count is for a full cache, as the cache's actual length is known only on the device.
  flops: ({ B, S, H, D }) => 4 * B * S * H * D,
});

interface AttentionDecodeInputs extends AttentionHeads {
  /** (B, H·D): one new query per row. */
  readonly q: Value;
  /** (B, S, Hkv·D) */
  readonly k_cache: Value;
  /** (B, S, Hkv·D) */
  readonly v_cache: Value;
  /** u32 (B): the query's position. If it is S or more, the query attends to all entries of the cache. */
  readonly positions: Value;
}

/**
 * Computes the attention of each row's new token to its cache, which already contains the token's own key and value: (B, H·D). Has no
 * gradient.
 */
export function attentionDecode(g: Graph, inputs: AttentionDecodeInputs): Value {
  const { q, k_cache, v_cache, positions, H, Hkv, D, softcap = 0 } = inputs;
  const [B = 0, S = 0] = k_cache.shape;
  expectHeads(inputs);
  expectShape('attention_decode q', q.shape, [B, H * D]);
  expectShape('attention_decode k_cache', k_cache.shape, [B, S, Hkv * D]);
  expectShape('attention_decode v_cache', v_cache.shape, [B, S, Hkv * D]);
  expectShape('attention_decode positions', positions.shape, [B]);
  const params = { B, S, H, Hkv, D, scale: scaleOf(inputs), softcap };
  return g.emit(attentionDecodeKernel, { q, k_cache, v_cache, positions }, { y: q.shape }, params).y;
}

import { expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';

export const shortConvKeep = flatKernel({
  name: 'short_conv_keep',
  bindings: { bcx: 'read', last: 'read', state: 'update' },
  params: { B: 'size', T: 'size', S: 'size', C: 'size' },
  threads: ({ B, S, C }) => B * S * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ B, S, C }) => B * S * C,
});

export const shortConvDecode = flatKernel({
  name: 'short_conv_decode',
  bindings: { bcx: 'read', weight: 'read', state: 'update', y: 'write' },
  params: { B: 'size', S: 'size', C: 'size' },
  threads: ({ B, C }) => B * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ B, S, C }) => (2 * S + 4) * B * C,
});

interface KeptInputs {
  /** (B·T, 3·C): the input of `shortConv` for whole texts, padded at the right. */
  readonly bcx: Value;
  /** u32 (B): the position of each text's last token. */
  readonly last: Value;
  /** Pinned, (B, K − 1, C). */
  readonly state: Value;
}

/** Writes the state from which `cachedShortConv` continues a text: b ⊙ x of the text's last K − 1 tokens, in order. Has no gradient. */
export function keepForShortConv(g: Graph, { bcx, last, state }: KeptInputs): void {
  const [B = 0, S = 0, C = 0] = state.shape;
  const [N = 0] = bcx.shape;
  expectShape('short_conv_keep bcx', bcx.shape, [N, 3 * C]);
  expectShape('short_conv_keep last', last.shape, [B]);
  g.emit(shortConvKeep, { bcx, last, state }, {}, { B, T: N / B, S, C });
}

interface CachedShortConvInputs {
  /** (B, 3·C): the input of `shortConv` for one new token per row. */
  readonly bcx: Value;
  /** (K, C) */
  readonly weight: Value;
  /** Pinned, (B, K − 1, C): b ⊙ x of the K − 1 tokens before the new one, in order. b ⊙ x of the new token replaces the oldest. */
  readonly state: Value;
}

/** Computes `shortConv` for each row's new token: (B, C). Has no gradient. */
export function cachedShortConv(g: Graph, { bcx, weight, state }: CachedShortConvInputs): Value {
  const [B = 0, S = 0, C = 0] = state.shape;
  expectShape('short_conv_decode bcx', bcx.shape, [B, 3 * C]);
  expectShape('short_conv_decode weight', weight.shape, [S + 1, C]);
  return g.emit(shortConvDecode, { bcx, weight, state }, { y: [B, C] }, { B, S, C }).y;
}

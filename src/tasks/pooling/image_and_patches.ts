import type { Pooling } from '../../core/pooling/pooling';
import type { ImageSizes } from '../../models/architecture';
import type { BatchShape } from '../task/task_batches';
import { type PooledTokens, poolingWeights } from './pooling_weights';

/** The pooling for a head that reads 'image and patches'. */
export const IMAGE_AND_PATCHES: Pooling = { modes: ['first', 'mean'], normalize: false };

/** Returns the weights for this pooling, as `poolingWeights` does: of the token for the whole image, and of the patches after it. */
export function imageAndPatches(shape: BatchShape, image: ImageSizes): Float32Array<ArrayBuffer> {
  const tokens = withoutRegisters(shape, image);
  const { length } = tokens.attention_mask;
  const weights = new Float32Array(2 * length);
  weights.set(poolingWeights(tokens, ['first']));
  weights.set(poolingWeights(tokens, ['mean'], 1), length);
  return weights;
}

/** Returns the tokens of B images, masked where they are registers, which come first. */
export function withoutRegisters({ B, T }: BatchShape, { registers = 0 }: ImageSizes): PooledTokens {
  return { B, T, attention_mask: Uint8Array.from({ length: B * T }, (_, token) => Number(token % T >= registers)) };
}

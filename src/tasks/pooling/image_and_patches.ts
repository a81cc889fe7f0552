import type { Pooling } from '../../core/pooling/pooling';
import type { ImageSizes } from '../../models/architecture';
import type { BatchShape } from '../task/task_batches';
import { poolingWeights } from './pooling_weights';

/** The pooling for a head that reads 'image and patches'. */
export const IMAGE_AND_PATCHES: Pooling = { modes: ['first', 'mean'], normalize: false };

/** Returns the weights for this pooling, as `poolingWeights` does: of the token for the whole image, and of the patches after it. */
export function imageAndPatches({ B, T }: BatchShape, { registers = 0 }: ImageSizes): Float32Array<ArrayBuffer> {
  const tokens = { B, T, attention_mask: new Uint8Array(B * T).fill(1) };
  const weights = new Float32Array(2 * B * T);
  weights.set(poolingWeights(tokens, ['first'], registers));
  weights.set(poolingWeights(tokens, ['mean'], registers + 1), B * T);
  return weights;
}
